/** Two servers that have shaken hands on loopback: what each end saw of the other. */
import type { TlsInfo, Transport } from '@tercet/stream'
import { listen } from '../listen.ts'
import { Recorder } from '../loopback.fixture.ts'
import type { TlsCredential } from '../tls.ts'
import { s2sTls } from './contexts.ts'
import { s2sDialer } from './dialer.ts'

/** What the two ends show, and which roots both believe. */
export interface Shown {
  /** Of `near.test`, which connects. */
  readonly near: TlsCredential
  /** Of `far.test`. */
  readonly far: TlsCredential
  readonly ca?: readonly string[]
}

/** Shakes hands by direct TLS and gives both ends' view; the connection is gone afterwards. */
export async function handshake({ near, far, ca = [] }: Shown): Promise<{ near: TlsInfo; far: TlsInfo }> {
  const there = s2sTls({ contexts: { 'far.test': far }, defaultName: 'far.test', ca })
  const here = s2sTls({ contexts: { 'near.test': near }, defaultName: 'near.test', ca })
  const accepted = Promise.withResolvers<Transport>()
  await using listener = await listen({ address: '127.0.0.1', port: 0, tls: there.server }, accepted.resolve)
  const target = { host: '127.0.0.1', port: listener.port, directTls: true }
  const { transport } = await s2sDialer({ tls: here, targetOf: () => target }).dial('near.test', 'far.test', {
    signal: AbortSignal.timeout(10_000),
  })
  const other = await accepted.promise
  for (const end of [transport, other]) {
    end.start(new Recorder())
    end.destroy()
  }
  return { near: transport.tls!, far: other.tls! }
}
