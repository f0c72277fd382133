// An iq: a request and its answer (RFC 6120 §8.2.3).
import type { Jid } from '@tercet/jid'
import { Content, type Element } from '@tercet/xml'
import type { Codec, Named } from './codec.ts'
import { allPayloads, getPayload, withoutPayload } from './payload.ts'
import { NO_EXTRA } from './stanza.ts'

/** The four types of RFC 6120 §8.2.3. */
export type IqType = 'error' | 'get' | 'result' | 'set'

/** What `Iq.with` replaces; `undefined` removes. */
export interface IqChanges {
  readonly to?: Jid | undefined
  readonly from?: Jid | undefined
  readonly id?: string
  readonly type?: IqType
  readonly lang?: string | undefined
}

/** An iq as an immutable value; its payloads stay unread until somebody asks with a codec. */
export class Iq {
  readonly kind: 'iq'
  readonly type: IqType
  readonly to: Jid | undefined
  readonly from: Jid | undefined
  readonly id: string
  /** `xml:lang` of the stanza (RFC 6120 §8.1.5). */
  readonly lang: string | undefined
  /** Other attributes of the root, name, value, …; kept when relayed. */
  readonly extra: readonly string[]
  readonly content: Content

  /** For the edge, which has everything at hand; others call `iq()`. */
  constructor(
    type: IqType,
    to: Jid | undefined,
    from: Jid | undefined,
    id: string,
    lang: string | undefined,
    extra: readonly string[],
    content: Content,
  ) {
    this.kind = 'iq'
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

  /** The same iq with other attributes; the content is shared. */
  with(changes: IqChanges): Iq {
    return new Iq(
      changes.type ?? this.type,
      'to' in changes ? changes.to : this.to,
      'from' in changes ? changes.from : this.from,
      changes.id ?? this.id,
      'lang' in changes ? changes.lang : this.lang,
      this.extra,
      this.content,
    )
  }

  /** The same iq with one more payload, at the end. */
  plus<T>(codec: Codec<T>, value: NoInfer<T>): Iq {
    return this.withContent(this.content.plus(codec.write(value)))
  }

  /** The same iq without any payload of this kind. */
  minus(kind: Named): Iq {
    return this.withContent(withoutPayload(this.content, kind))
  }

  /** The same iq around other content. */
  withContent(content: Content): Iq {
    return new Iq(this.type, this.to, this.from, this.id, this.lang, this.extra, content)
  }
}

/** What a new iq is made of. */
export interface IqInit {
  readonly to?: Jid | undefined
  readonly from?: Jid | undefined
  readonly id: string
  readonly type: IqType
  readonly lang?: string | undefined
  /** Exactly one in a request (RFC 6120 §8.2.3), none or one in a result. */
  readonly payload?: Element | undefined
}

/** Makes an iq. */
export function iq(init: IqInit): Iq {
  const content = init.payload === undefined ? Content.EMPTY : Content.of([init.payload])
  return new Iq(init.type, init.to, init.from, init.id, init.lang, NO_EXTRA, content)
}
