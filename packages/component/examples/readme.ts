import { createComponents, handshakeOf } from '@tercet/component'
import { Jid } from '@tercet/jid'
import { message } from '@tercet/stanza'
import { memoryPair } from '@tercet/stream'

const received: string[] = []
const done = { over: true, whenOver: (run: () => void) => run() }

// A server that takes what components send, and knows one of them.
const components = createComponents({
  secrets: new Map([['echo.example', 'Wherefore?']]),
  domain: 'montague.example',
  receiver: {
    receive: stanza => (received.push(`a ${stanza.kind} from ${stanza.from?.text ?? ''}`), done),
    refuse: () => done,
  },
})

// The component at the other end of a connection in memory, which answers what comes with one stanza.
const [near, far] = memoryPair()
components.accept(far)
const finished = new Promise<void>(resolve => {
  const answer = async (text: string): Promise<void> => {
    const [, id] = /<stream:stream.* id='(\w+)'/.exec(text) ?? []
    if (id !== undefined) near.write(`<handshake>${await handshakeOf(id, 'Wherefore?')}</handshake>`)
    if (text.includes('<handshake/>'))
      components.send(
        message({ from: Jid.parse('romeo@montague.example'), to: Jid.parse('a@echo.example'), body: 'Hist!' }),
      )
    if (text.includes('Hist!'))
      near.write("<message from='a@echo.example' to='romeo@montague.example'/></stream:stream>")
  }
  near.start({
    chunk: bytes => void answer(new TextDecoder().decode(bytes)),
    drained() {},
    ended: () => near.close(),
    closed: () => resolve(),
  })
})
near.write(
  "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='echo.example'>",
)
await finished
console.log(received.join()) // a message from a@echo.example

await components.close()
