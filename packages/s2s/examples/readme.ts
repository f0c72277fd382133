import { Jid } from '@tercet/jid'
import { createGateway, type Dialer, type Gateway } from '@tercet/s2s'
import { message } from '@tercet/stanza'
import { memoryPair } from '@tercet/stream'

// Two domains in one process. Between them there is no DNS and no TLS, so that dialback alone proves who is who.
const gateways = new Map<string, Gateway>()
const dialer: Dialer = {
  dial(_, to) {
    const [near, far] = memoryPair()
    gateways.get(to)?.accept(far)
    return Promise.resolve({ transport: near, target: to })
  },
}

function federate(domain: string, arrived: (text: string) => void): void {
  const over = { over: true, whenOver: (run: () => void) => run() }
  const gateway = createGateway({
    isLocal: name => name === domain,
    dialer,
    verifier: { verify: () => ({ valid: false, reason: 'there are no certificates', names: [] }) },
    policy: { rule: { requireTls: false } },
    receiver: {
      receive: stanza => (arrived(`${domain}: a ${stanza.kind} from ${stanza.from?.text ?? 'nobody'}`), over),
      refuse: (_, error) => (arrived(`${domain}: ${error.condition}`), over),
    },
  })
  gateways.set(domain, gateway)
}

const delivered = new Promise<string>(resolve => federate('montague.example', resolve))
federate('capulet.example', () => {})
const [from, to] = [Jid.parse('juliet@capulet.example'), Jid.parse('romeo@montague.example')]
gateways.get('capulet.example')?.send(message({ from, to, body: 'Ay me!' }))
console.log(await delivered) // montague.example: a message from juliet@capulet.example

for (const gateway of gateways.values()) await gateway.close()
