// XEP-0363 1.2.0: HTTP file upload.
import { type Codec, type Read, element, elementOf } from '../codec.ts'
import { attr, child, content, text } from '../fields.ts'
import { iqGet } from '../query.ts'
import { between, dateTime } from '../scalars.ts'

/** Namespace of HTTP upload. */
export const NS = 'urn:xmpp:http:upload:0'

/** What a file is for is said in this namespace (XEP-0363 §5). */
export const NS_PURPOSE = 'urn:xmpp:http:upload:purpose:0'

const size = between(1, Number.MAX_SAFE_INTEGER)

const requestFields = {
  filename: attr('filename'),
  size: attr('size', size),
  contentType: attr('content-type').optional,
  /** Nobody gets the file after this moment. */
  ephemeral: child(elementOf(NS_PURPOSE, 'ephemeral', attr('expire-before', dateTime))).optional,
}

/** What somebody wants to upload; sizes in bytes (XEP-0363 §4). */
export type UploadRequest = Read<typeof requestFields>

const headerFields = { name: attr('name'), value: content() }

/** Where to put a file, with which headers, and where it will be found. */
export const slot = element(NS, 'slot', {
  put: child(element(NS, 'put', { url: attr('url'), headers: child(element(NS, 'header', headerFields)).many })),
  get: child(elementOf(NS, 'get', attr('url'))),
})

/** Asks for a slot. */
export const request = iqGet(element(NS, 'request', requestFields), slot)

/** The application condition of a request that is too large (XEP-0363 §6). */
export const fileTooLarge = element(NS, 'file-too-large', { maxFileSize: text('max-file-size', size).optional })

/** When a request that is refused now may come again (XEP-0363 §6). */
export const retry: Codec<Date> = elementOf(NS, 'retry', attr('stamp', dateTime))
