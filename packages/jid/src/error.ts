// Why a text is no JID (RFC 7622).

/** The part of a JID that is at fault. */
export type JidPart = 'local' | 'domain' | 'resource'

/** What is wrong: nothing there, an empty part, more than 1023 octets (or the DNS's limits), or a part's own rules. */
export type JidErrorCode =
  | 'empty'
  | 'empty-local'
  | 'empty-domain'
  | 'empty-resource'
  | 'too-long'
  | 'local-invalid'
  | 'domain-invalid'
  | 'resource-invalid'

const TEXTS: Record<JidErrorCode, string> = {
  empty: 'Write an address',
  'empty-local': 'Write a name before the @',
  'empty-domain': 'Write a domain',
  'empty-resource': 'Write a resource after the /, or leave out the /',
  'too-long': 'Write a shorter address',
  'local-invalid': 'Leave out spaces, symbols and " & \' / : < > @ before the domain',
  'domain-invalid': 'Write a domain name or an IP address as the domain',
  'resource-invalid': 'Leave out control and unknown characters after the /',
}

/** A text that is no JID; at the edge of a stream it ends as `<jid-malformed/>`. The message does not quote the text. */
export class JidError extends Error {
  override readonly name = 'JidError'
  readonly code: JidErrorCode
  /** `undefined` only for `empty`, and for a resource where a bare JID is wanted it is `resource`. */
  readonly part: JidPart | undefined

  constructor(code: JidErrorCode, part?: JidPart, options?: ErrorOptions) {
    super(TEXTS[code], options)
    this.code = code
    this.part = part
  }
}
