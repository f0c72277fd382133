/** The port to apps that are woken over the web (RFC 8030): browsers, and phones by UnifiedPush. Adapters are in the apps. */

/** Where a user agent hears of something, as its app tells it (W3C Push API §8.1). */
export interface PushEndpoint {
  /** What nobody else knows: whoever has it may wake the app. */
  readonly url: string
  /** Public key of the user agent and the secret that it shares with us, base64url (RFC 8291 §2.1, §3.2). */
  readonly p256dh: string
  readonly auth: string
}

/** One notification. */
export interface WebNotification {
  /** What the app gets to read, and nobody in between (RFC 8291); up to 3,072 bytes. */
  readonly payload: Uint8Array
  /** How long it is worth something (RFC 8030 §5.2). */
  readonly ttlSeconds: number
  /** RFC 8030 §5.3. */
  readonly urgency: 'high' | 'low' | 'normal' | 'very-low'
  /** Takes the place of what waits under the same one (RFC 8030 §5.4). */
  readonly topic: string
}

/**
 * What a push service says. `gone`: nobody listens there any more (RFC 8030 §7.3). `later`: it may be otherwise next time. `refused`: it would not
 * be, unless we change.
 */
export type PushOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: 'refused'; readonly reason: string }

/** Sends for one host. */
export interface PushSender {
  /** What apps ask their user agent to listen to alone: `applicationServerKey`, base64url (RFC 8292 §3.2). */
  readonly publicKey: string
  /** Why nothing may be sent to an endpoint, for people; undefined: something may. Does not connect. */
  refusal(endpoint: PushEndpoint): string | undefined
  /** Never rejects for what the other end does; ends within bounded time. */
  send(endpoint: PushEndpoint, notification: WebNotification, options: { signal: AbortSignal }): Promise<PushOutcome>
}

/** How a sender is opened. */
export interface PushSenderOptions {
  /** As {@link WebPush.newKey} made it. */
  readonly key: string
  /** Whom push services tell if something is wrong: `mailto:` or `https:` (RFC 8292 §2.1). */
  readonly contact: string
  /** Whether endpoints may be in private networks, and without TLS there. */
  readonly privateAddresses: boolean
}

/** Sends notifications over the web. */
export interface WebPush {
  /** Makes a key pair that tells push services who sends (RFC 8292), as text to be kept. */
  newKey(): Promise<string>
  /** @throws {TypeError} a key that is none */
  open(options: PushSenderOptions): Promise<PushSender>
}
