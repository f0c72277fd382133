/** What we use of http_ece, which brings no types. */
declare module 'http_ece' {
  import type { ECDH } from 'node:crypto'

  /** Encrypts in one record. Texts are base64url. */
  export function encrypt(
    plain: Buffer,
    options: {
      readonly version: 'aes128gcm'
      /** Public key of the receiver. */
      readonly dh: string
      readonly authSecret: string
      /** The sender's. */
      readonly privateKey: ECDH
      readonly salt: string
    },
  ): Buffer
}
