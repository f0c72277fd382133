// A message: one entity pushes information to another (RFC 6120 §8.2.1, RFC 6121 §5).
import type { Jid } from '@tercet/jid'
import { Content, type Element } from '@tercet/xml'
import type { Codec, Named } from './codec.ts'
import { allPayloads, getPayload, withoutPayload } from './payload.ts'
import { body } from './payloads/im.ts'
import { NO_EXTRA } from './stanza.ts'

/** The five types of RFC 6121 §5.2.2. */
export type MessageType = 'chat' | 'error' | 'groupchat' | 'headline' | 'normal'

/** What `Message.with` replaces; `undefined` removes. */
export interface MessageChanges {
  readonly to?: Jid | undefined
  readonly from?: Jid | undefined
  readonly id?: string | undefined
  readonly type?: MessageType
  readonly lang?: string | undefined
}

/** A message as an immutable value; its payloads stay unread until somebody asks with a codec. */
export class Message {
  readonly kind: 'message'
  readonly type: MessageType
  readonly to: Jid | undefined
  readonly from: Jid | undefined
  readonly id: string | undefined
  /** `xml:lang` of the stanza (RFC 6120 §8.1.5). */
  readonly lang: string | undefined
  /** Other attributes of the root, name, value, …; kept when relayed. */
  readonly extra: readonly string[]
  readonly content: Content

  /** For the edge, which has everything at hand; others call `message()`. */
  constructor(
    type: MessageType,
    to: Jid | undefined,
    from: Jid | undefined,
    id: string | undefined,
    lang: string | undefined,
    extra: readonly string[],
    content: Content,
  ) {
    this.kind = 'message'
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

  /** The same message with other attributes; the content is shared. */
  with(changes: MessageChanges): Message {
    return new Message(
      changes.type ?? this.type,
      'to' in changes ? changes.to : this.to,
      'from' in changes ? changes.from : this.from,
      'id' in changes ? changes.id : this.id,
      'lang' in changes ? changes.lang : this.lang,
      this.extra,
      this.content,
    )
  }

  /** The same message with one more payload, at the end. */
  plus<T>(codec: Codec<T>, value: NoInfer<T>): Message {
    return this.withContent(this.content.plus(codec.write(value)))
  }

  /** The same message without any payload of this kind. */
  minus(kind: Named): Message {
    return this.withContent(withoutPayload(this.content, kind))
  }

  /** The same message around other content. */
  withContent(content: Content): Message {
    return new Message(this.type, this.to, this.from, this.id, this.lang, this.extra, content)
  }
}

/** What a new message is made of. */
export interface MessageInit {
  readonly to?: Jid | undefined
  readonly from?: Jid | undefined
  /** Default: none. */
  readonly id?: string | undefined
  /** Default: `normal`. */
  readonly type?: MessageType | undefined
  readonly lang?: string | undefined
  /** Text of the `<body/>`, the first payload. */
  readonly body?: string | undefined
  readonly payloads?: readonly Element[] | undefined
}

/** Makes a message. */
export function message(init: MessageInit): Message {
  const payloads = [...(init.payloads ?? [])]
  if (init.body !== undefined) payloads.unshift(body.write(init.body))
  const content = payloads.length === 0 ? Content.EMPTY : Content.of(payloads)
  return new Message(init.type ?? 'normal', init.to, init.from, init.id, init.lang, NO_EXTRA, content)
}
