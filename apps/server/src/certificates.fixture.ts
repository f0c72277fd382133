/** Certificates of a server that never gets others. */

import { selfSigned } from '@tercet/net'
import type { Certificates } from './certificates.ts'

/** A self-made one for localhost. */
export function fixedCertificates(): Certificates {
  return {
    current: selfSigned({ domains: ['localhost'] }),
    contexts: {},
    onChange: () => {},
    reload() {},
    close() {},
  }
}
