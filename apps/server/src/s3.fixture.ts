/** An S3 server with one bucket, for tests: s3rver behind a door that looks at signatures, which s3rver does not. */

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import aws4 from 'aws4'
import S3rver from 's3rver'
import type { S3Options } from './s3-files.ts'

/** Starts it on loopback. */
export async function startBucket(): Promise<{ readonly options: S3Options } & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'tercet-s3-'))
  const configureBuckets = [{ name: 'bucket', configs: [] }]
  const s3 = new S3rver({ silent: true, directory, vhostBuckets: false, configureBuckets })
  await s3.configureBuckets()
  const serve = s3.callback()
  const door = createServer((request, response) => (isSigned(request) ? serve : refuse)(request, response))
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  return {
    options: {
      endpoint: `http://127.0.0.1:${(door.address() as AddressInfo).port}`,
      region: 'us-east-1',
      bucket: 'bucket',
      prefix: 'up/',
      accessKey: 'S3RVER',
      secretKey: 'S3RVER',
      pathStyle: true,
    },
    async [Symbol.asyncDispose]() {
      door.closeAllConnections()
      await new Promise(done => door.close(done))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Signature version 4, by another implementation than the one that signs. */
function isSigned({ method = '', url = '', headers }: IncomingMessage): boolean {
  const { authorization = '' } = headers
  const [, region = '', names = ''] =
    /Credential=S3RVER\/\d{8}\/([\w-]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+)/.exec(authorization) ?? []
  if (!['host', 'x-amz-date', 'x-amz-content-sha256'].every(name => names.split(';').includes(name))) return false
  const signed = Object.fromEntries(names.split(';').map(name => [name, String(headers[name])]))
  const again = aws4.sign(
    { service: 's3', region, method, path: url, headers: signed },
    { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  )
  const [one, other] = [authorization, String(again.headers?.['Authorization'])].map(
    text => /Signature=(\w+)/.exec(text)?.[1],
  )
  return one !== undefined && one === other
}

function refuse(request: IncomingMessage, response: ServerResponse): void {
  request.resume()
  request.on('end', () => response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>'))
}
