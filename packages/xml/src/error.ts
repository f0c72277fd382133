/** What a reader throws when the peer breaks a rule of XML, of RFC 6120 §11 or of our limits. */

/** Stream error conditions that reading XML can lead to (RFC 6120 §4.9.3); equal to the wire names. */
export type XmlCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'invalid-namespace'
  | 'not-well-formed'
  | 'policy-violation'
  | 'restricted-xml'
  | 'unsupported-encoding'

/** The input is refused; on a stream this ends it with the stream error named by `condition`. */
export class XmlError extends Error {
  override readonly name = 'XmlError'
  readonly condition: XmlCondition

  constructor(condition: XmlCondition, message: string, options?: ErrorOptions) {
    super(message, options)
    this.condition = condition
  }
}
