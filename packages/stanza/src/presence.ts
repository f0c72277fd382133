// A presence: availability and subscriptions (RFC 6120 §8.2.2, RFC 6121 §§3-4).
import type { Jid } from '@tercet/jid'
import { Content, type Element } from '@tercet/xml'
import type { Codec, Named } from './codec.ts'
import { allPayloads, getPayload, withoutPayload } from './payload.ts'
import { NO_EXTRA } from './stanza.ts'

/** The types of RFC 6121 §4.7.1; no type at all says available. */
export type PresenceType =
  'error' | 'probe' | 'subscribe' | 'subscribed' | 'unavailable' | 'unsubscribe' | 'unsubscribed'

/** What `Presence.with` replaces; `undefined` removes. */
export interface PresenceChanges {
  readonly to?: Jid | undefined
  readonly from?: Jid | undefined
  readonly id?: string | undefined
  readonly type?: PresenceType | undefined
  readonly lang?: string | undefined
}

/** A presence as an immutable value; its payloads stay unread until somebody asks with a codec. */
export class Presence {
  readonly kind: 'presence'
  /** `undefined` says available. */
  readonly type: PresenceType | undefined
  readonly to: Jid | undefined
  readonly from: Jid | undefined
  readonly id: string | undefined
  /** `xml:lang` of the stanza (RFC 6120 §8.1.5). */
  readonly lang: string | undefined
  /** Other attributes of the root, name, value, …; kept when relayed. */
  readonly extra: readonly string[]
  readonly content: Content

  /** For the edge, which has everything at hand; others call `presence()`. */
  constructor(
    type: PresenceType | undefined,
    to: Jid | undefined,
    from: Jid | undefined,
    id: string | undefined,
    lang: string | undefined,
    extra: readonly string[],
    content: Content,
  ) {
    this.kind = 'presence'
    this.type = type
    this.to = to
    this.from = from
    this.id = id
    this.lang = lang
    this.extra = extra
    this.content = content
  }

  /** The first payload of this kind. @throws {DecodeError} malformed */
  get<T>(codec: Codec<T>): T | undefined {
    return getPayload(this.content, codec)
  }

  /** All payloads of this kind, in order. @throws {DecodeError} one of them is malformed */
  all<T>(codec: Codec<T>): T[] {
    return allPayloads(this.content, codec)
  }

  /** Whether there is a payload of this kind, well-formed or not. */
  has(kind: Named): boolean {
    return this.content.find(kind.name, kind.ns) >= 0
  }

  /** The same presence with other attributes; the content is shared. */
  with(changes: PresenceChanges): Presence {
    return new Presence(
      'type' in changes ? changes.type : this.type,
      'to' in changes ? changes.to : this.to,
      'from' in changes ? changes.from : this.from,
      'id' in changes ? changes.id : this.id,
      'lang' in changes ? changes.lang : this.lang,
      this.extra,
      this.content,
    )
  }

  /** The same presence with one more payload, at the end. */
  plus<T>(codec: Codec<T>, value: NoInfer<T>): Presence {
    return this.withContent(this.content.plus(codec.write(value)))
  }

  /** The same presence without any payload of this kind. */
  minus(kind: Named): Presence {
    return this.withContent(withoutPayload(this.content, kind))
  }

  /** The same presence around other content. */
  withContent(content: Content): Presence {
    return new Presence(this.type, this.to, this.from, this.id, this.lang, this.extra, content)
  }
}

/** What a new presence is made of. */
export interface PresenceInit {
  readonly to?: Jid | undefined
  readonly from?: Jid | undefined
  /** Default: none. */
  readonly id?: string | undefined
  /** Default: none, available. */
  readonly type?: PresenceType | undefined
  readonly lang?: string | undefined
  readonly payloads?: readonly Element[] | undefined
}

/** Makes a presence. */
export function presence(init: PresenceInit = {}): Presence {
  const content = init.payloads === undefined ? Content.EMPTY : Content.of(init.payloads)
  return new Presence(init.type, init.to, init.from, init.id, init.lang, NO_EXTRA, content)
}
