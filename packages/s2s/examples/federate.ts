// A domain of its own on the network, without a server: whatever is written to it comes back.
import { certificateVerifier, listen, s2sDialer, s2sTls, selfSigned, type S2sTarget } from '@tercet/net'
import { createGateway, type Gateway } from '@tercet/s2s'
import type { Stanza } from '@tercet/stanza'
import { memoryStorage } from '@tercet/storage/memory'

/** Where it listens, and where others are that DNS does not know. */
export interface Place {
  readonly address: string
  readonly port: number
  readonly targetOf?: (domain: string) => S2sTarget | undefined
}

/** Federates `domain`; what comes from elsewhere goes to `arrived`. Dispose of it to leave. */
export async function federate(
  domain: string,
  { address, port, targetOf = () => undefined }: Place,
  arrived: (stanza: Stanza, gateway: Gateway) => void,
): Promise<{ gateway: Gateway; port: number; [Symbol.asyncDispose](): Promise<void> }> {
  const tls = s2sTls({ contexts: { [domain]: selfSigned({ domains: [domain] }) }, defaultName: domain })
  const over = { over: true, whenOver: (run: () => void) => run() }
  const gateway = createGateway({
    isLocal: name => name === domain,
    tls,
    dialer: s2sDialer({ tls, targetOf }),
    verifier: certificateVerifier(),
    storage: memoryStorage(),
    receiver: { receive: stanza => (arrived(stanza, gateway), over), refuse: () => over },
  })
  const listener = await listen({ address, port }, transport => gateway.accept(transport))
  await gateway.start()
  return { gateway, port: listener.port, [Symbol.asyncDispose]: () => listener.close().then(() => gateway.close()) }
}

export const echo = (stanza: Stanza, gateway: Gateway): void => {
  if (stanza.kind === 'message' && stanza.type !== 'error')
    gateway.send(stanza.with({ to: stanza.from, from: stanza.to }))
}
