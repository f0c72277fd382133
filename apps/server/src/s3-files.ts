/**
 * Uploaded files in a bucket of a server that speaks S3. Files pass through us both ways: so quotas, ends and safe headers are the same as on
 * disk, addresses stay those of the host, and nobody but us needs to reach the bucket or may read it.
 */

import { setTimeout as pause } from 'node:timers/promises'
import { domainToASCII } from 'node:url'
import { AwsClient } from 'aws4fetch'
import { FilesError, type FileRange, type Files } from '@tercet/server'
import { readStanza, type Element } from '@tercet/xml'

/** Where a bucket is, and who may use it. */
export interface S3Options {
  /** Scheme and authority: `https://s3.example.org`. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** Before the names of all objects, such as `uploads/`. */
  readonly prefix: string
  readonly accessKey: string
  readonly secretKey: string
  /** The bucket is part of the path; else of the host's name. */
  readonly pathStyle: boolean
  /** How long the server may be silent while it is to speak, or to take more. Default 30 000. */
  readonly patienceMs?: number
}

/** The server refuses, or is not there. */
export class S3Error extends Error {
  override readonly name = 'S3Error'
}

/** Requests that may be made again are, so often. */
const TRIES = 4
const FIRST_PAUSE_MS = 50
/** Of an answer that is read as a whole. */
const MAX_ANSWER_BYTES = 2_000_000

/** Keeps the files of a domain in a bucket. An object appears when it is whole. */
export function s3Files(options: S3Options, domain: string): Files {
  return new S3Files(options, domain)
}

class S3Files implements Files {
  readonly #client: AwsClient
  readonly #bucket: URL
  readonly #prefix: string
  readonly #patienceMs: number

  constructor(options: S3Options, domain: string) {
    const { endpoint, region, bucket, prefix, accessKey, secretKey, pathStyle, patienceMs = 30_000 } = options
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey }
    this.#client = new AwsClient({ ...credentials, region, service: 's3', retries: 0 })
    this.#bucket = new URL(pathStyle ? `/${bucket}/` : '/', endpoint)
    if (!pathStyle) this.#bucket.hostname = `${bucket}.${this.#bucket.hostname}`
    this.#prefix = `${prefix}${domainToASCII(domain)}/`
    this.#patienceMs = patienceMs
  }

  async write(name: string, body: ReadableStream<Uint8Array>, bytes: number): Promise<void> {
    const watch = new Watch(this.#patienceMs)
    const source = new Source(body, watch)
    const url = this.#place(name)
    try {
      // What has a body that comes but once is not tried again, so it is signed alone. The body is not: nobody has read it yet.
      const { headers } = await this.#client.sign(url, { method: 'PUT' })
      headers.set('content-length', String(bytes))
      headers.set('content-type', 'application/octet-stream')
      const init = { method: 'PUT', headers, body: source.read(), duplex: 'half', signal: watch.signal }
      // Node's fetch takes an iterable, which the types of the web do not say.
      const response = await fetch(url, init as unknown as RequestInit)
      watch.rest()
      const text = await readText(response)
      if (response.status === 507) throw new FilesError('full', { cause: refusal('PUT', response, text) })
      if (!response.ok) throw refusal('PUT', response, text)
    } catch (error) {
      if (error instanceof FilesError) throw error
      // What the body threw says more to whoever made it.
      throw source.failure ?? new FilesError('failed', { cause: unreachable(error) })
    } finally {
      watch.rest()
    }
  }

  async read(name: string, range?: FileRange): Promise<ReadableStream<Uint8Array> | undefined> {
    const headers = range ? { range: `bytes=${range.first}-${range.last}` } : {}
    const response = await this.#ask('GET', this.#place(name), headers)
    if (response.status === 404) {
      await response.body?.cancel()
      return undefined
    }
    if (!response.ok) throw refusal('GET', response, await readText(response))
    return response.body ?? new Blob([]).stream()
  }

  async remove(name: string): Promise<void> {
    const response = await this.#ask('DELETE', this.#place(name))
    const text = await readText(response)
    if (!response.ok && response.status !== 404) throw refusal('DELETE', response, text)
  }

  async *names(beforeMs: number): AsyncIterable<string> {
    // Where the last page ended: all servers know that, while not all like their own tokens back.
    for (let after: string | undefined = ''; after !== undefined;) {
      const url = new URL(this.#bucket)
      const from = after === '' ? {} : { 'start-after': after }
      url.search = new URLSearchParams({ 'list-type': '2', prefix: this.#prefix, ...from }).toString()
      const response = await this.#ask('GET', url)
      const text = await readText(response)
      if (!response.ok) throw refusal('GET', response, text)
      const { objects, isTruncated } = listOf(text)
      for (const { key, modifiedMs } of objects) {
        const name = key.slice(this.#prefix.length)
        if (key.startsWith(this.#prefix) && modifiedMs < beforeMs && isName(name)) yield name
      }
      const last: string | undefined = objects.at(-1)?.key
      after = isTruncated && last !== undefined && last > after ? last : undefined
    }
  }

  /** Asks, again where the server is in trouble; resolves with the head of the answer. */
  async #ask(method: string, url: URL, headers: Record<string, string> = {}): Promise<Response> {
    for (let tried = 1; ; tried++) {
      const response = await this.#askOnce(method, url, headers).catch((error: unknown) => error as Error)
      const isTrouble = response instanceof Error || response.status >= 500 || response.status === 429
      if (isTrouble && tried < TRIES) {
        if (!(response instanceof Error)) await response.body?.cancel()
        await pause(FIRST_PAUSE_MS * 2 ** tried * (0.5 + Math.random() / 2))
        continue
      }
      if (response instanceof Error) throw response
      return response
    }
  }

  async #askOnce(method: string, url: URL, headers: Record<string, string>): Promise<Response> {
    const watch = new Watch(this.#patienceMs)
    try {
      const request = await this.#client.sign(url, { method, headers })
      watch.begin()
      return await fetch(request, { signal: watch.signal })
    } catch (error) {
      throw unreachable(error)
    } finally {
      watch.rest()
    }
  }

  /** Names are ours, but nobody gets out of the prefix by one. */
  #place(name: string): URL {
    if (!isName(name)) throw new TypeError(`Not the name of a file: ${JSON.stringify(name)}`)
    return new URL(this.#prefix + name, this.#bucket)
  }
}

function isName(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,128}$/.test(name)
}

/** Gives up on a server that stands still. */
class Watch {
  readonly #end = new AbortController()
  readonly #patienceMs: number
  #timer: NodeJS.Timeout | undefined

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** It is the server's turn. */
  begin(): void {
    this.rest()
    this.#timer = setTimeout(() => this.#end.abort(new S3Error('The S3 server stands still')), this.#patienceMs)
  }

  /** It is ours. */
  rest(): void {
    clearTimeout(this.#timer)
  }
}

/** A body as it comes, and how it failed. */
class Source {
  failure: Error | undefined
  readonly #body: ReadableStream<Uint8Array>
  readonly #watch: Watch

  constructor(body: ReadableStream<Uint8Array>, watch: Watch) {
    this.#body = body
    this.#watch = watch
  }

  async *read(): AsyncIterable<Uint8Array> {
    try {
      for await (const chunk of this.#body) {
        this.#watch.begin()
        yield chunk
        this.#watch.rest()
      }
    } catch (error) {
      this.failure = error instanceof Error ? error : new FilesError('aborted', { cause: error })
      throw error
    }
    this.#watch.begin()
  }
}

interface List {
  readonly objects: readonly { readonly key: string; readonly modifiedMs: number }[]
  /** There are more behind these. */
  readonly isTruncated: boolean
}

/** Reads a ListBucketResult. @throws {XmlError} it is none */
function listOf(text: string): List {
  // What a stream may not hold, a document begins with.
  const document = text.replace(/^\s*<\?xml[^>]*\?>\s*/, '').trimEnd()
  const root = readStanza(document, { maxBytes: MAX_ANSWER_BYTES }).toElement()
  const objects = root
    .elements()
    .filter(({ name }) => name === 'Contents')
    .map(each => ({ key: textOf(each, 'Key'), modifiedMs: Date.parse(textOf(each, 'LastModified')) }))
  return { objects, isTruncated: textOf(root, 'IsTruncated') === 'true' }
}

function textOf(element: Element, name: string): string {
  return (
    element
      .elements()
      .find(child => child.name === name)
      ?.text() ?? ''
  )
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new S3Error('The S3 server says too much')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** The server's own word for it is in `<Code/>`. */
function refusal(method: string, { status }: Response, text: string): S3Error {
  const [, code = ''] = /<Code>(\w{1,64})<\/Code>/.exec(text) ?? []
  return new S3Error(`The S3 server refuses ${method}: ${status}${code === '' ? '' : ` ${code}`}`)
}

function unreachable(cause: unknown): Error {
  if (cause instanceof S3Error) return cause
  const { message, cause: below } = cause as Error // fetch rejects with errors
  const { code } = (below ?? {}) as NodeJS.ErrnoException // of Node's error, below that of fetch
  return new S3Error(`The S3 server cannot be reached: ${code ?? message}`, { cause })
}
