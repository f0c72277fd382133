/** What the gateway asks of the world around it: connections, TLS, certificates, and somebody who takes what comes from elsewhere. */

import type { Stanza, StanzaError } from '@tercet/stanza'
import type { Unit } from '@tercet/storage'
import type { Barrier, TlsContext, TlsInfo, Transport } from '@tercet/stream'

/** One thing that happened on the way to a connection, in words for people. */
export interface DialStep {
  readonly step: 'records' | 'addresses' | 'connect' | 'tls'
  /** False: this way is barred; the attempt may still get there on another one. */
  readonly ok: boolean
  /** A sentence without its full stop. */
  readonly text: string
}

/** A connection to the server of another domain. */
export interface Dialled {
  readonly transport: Transport
  /** `host:port`, shown to people. */
  readonly target: string
  /** A host whose certificate is as good as the domain's: who said that the domain is there can be believed. Default: none. */
  readonly delegate?: string | undefined
}

/** What a dial may be told; all members have defaults. */
export interface DialOptions {
  readonly signal: AbortSignal
  /** Hears of each step. */
  readonly trace?: ((step: DialStep) => void) | undefined
  /** Where the domain's own server said that it can be reached (RFC 6120 §4.9.3.19); default: DNS is asked. */
  readonly target?: { readonly host: string; readonly port: number } | undefined
}

/** Finds and connects to other servers. */
export interface Dialer {
  /**
   * Connects to the service of `to` on behalf of our domain `from`: TCP with STARTTLS to come, direct TLS, or a WebSocket.
   *
   * Rejects with an error that has a `code`: `service-absent` or `not-found` when DNS says for certain that there is nothing, `unresolved`
   * when it does not answer; whatever else stands for servers that cannot be reached now.
   */
  dial(from: string, to: string, options: DialOptions): Promise<Dialled>
}

/** TLS of the gateway. */
export interface TlsPort {
  /** For STARTTLS towards `to`: presents the certificate of `from`. It refuses nobody; the {@link Verifier} is asked. */
  client(from: string, to: string): TlsContext
  /** For STARTTLS of streams that come in: asks for a certificate and refuses nobody. */
  readonly server: TlsContext
}

/** What a certificate is worth. */
export type Verdict =
  | { readonly valid: true; readonly by: 'pkix' | 'pin' | 'dane' | 'posh' }
  | { readonly valid: false; readonly reason: string; readonly names: readonly string[] }

/** Says whom a certificate speaks for: by RFC 9525 on a trusted chain, by a pin, by DANE or POSH. */
export interface Verifier {
  verify(
    tls: TlsInfo,
    domain: string,
    options: { readonly signal: AbortSignal; readonly delegate?: string | undefined },
  ): Verdict | Promise<Verdict>
}

/** The work during which a stanza is sent, such as a turn of the server. As a barrier it stands for what that work writes. */
export interface Work extends Barrier {
  readonly unit: Unit
  /** Whoever sent the stanza is told, or finds out, what is safe. */
  readonly promised: boolean
  /** Its commit failed, but the stanza is on its way and may be confirmed. */
  linger(): void
  /** The stanza was confirmed, stored after all, or refused. */
  lingered(): void
}

/** What becomes of a stanza that was handed over. */
export interface Receipt {
  /** It is settled, durable or refused. */
  readonly over: boolean
  /** Calls back when that is so. */
  whenOver(run: () => void): void
}

/** The stream that a stanza came on, as a server sees it: whoever sent it relies on what we acknowledge. */
export interface Origin {
  readonly streamId: string
  readonly promised: true
  readonly gone: false
  readonly session: undefined
}

/** Takes what comes from other domains. A server of `@tercet/server` is one. */
export interface Receiver {
  /** A stanza whose sender has proven its domain, for a domain served here. */
  receive(stanza: Stanza, origin: Origin): Receipt
  /** Tells the sender of `stanza`, which is one of ours, that it could not be delivered. */
  refuse(stanza: Stanza, error: StanzaError): Receipt
}
