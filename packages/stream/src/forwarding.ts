/** A transport over another one: for what looks at a connection, or disturbs it. */

import type { Endpoint, TlsContext, TlsInfo, Transport, TransportSink } from './transport.ts'

/** Passes everything on, both ways. Subclasses override what should differ, such as `start` and `write` to log what goes by. */
export class ForwardingTransport implements Transport {
  protected readonly inner: Transport

  /** @param inner not started; it belongs to this one from here on */
  constructor(inner: Transport) {
    this.inner = inner
  }

  get framing(): 'tcp' | 'websocket' {
    return this.inner.framing
  }

  get remote(): Endpoint {
    return this.inner.remote
  }

  get local(): Endpoint {
    return this.inner.local
  }

  get tls(): TlsInfo | undefined {
    return this.inner.tls
  }

  get buffered(): number {
    return this.inner.buffered
  }

  get polled(): boolean {
    return this.inner.polled ?? false
  }

  start(sink: TransportSink): void {
    this.inner.start(sink)
  }

  write(text: string): boolean {
    return this.inner.write(text)
  }

  pause(): void {
    this.inner.pause()
  }

  resume(): void {
    this.inner.resume()
  }

  upgrade(context: TlsContext): Promise<void> {
    return this.inner.upgrade(context)
  }

  close(): void {
    this.inner.close()
  }

  destroy(): void {
    this.inner.destroy()
  }
}
