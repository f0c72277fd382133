import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { matchesDomain, selfSigned } from '@tercet/net'
import { silent } from '@tercet/plugin'
import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCertificates, type Pair } from './certificates.ts'
import { parseConfig, type Config } from './config.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function config(source = '', hosts = ['a.test']): Config {
  const tables = hosts.map(name => `[[host]]\nname = "${name}"\n`).join('')
  return parseConfig(`data = ${JSON.stringify(folder)}\n${tables}${source}`, undefined)
}

function current(settings: Config): Pair {
  const certificates = openCertificates(settings, silent)
  certificates.close()
  return certificates.current
}

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
const speaksFor = (pair: Pair, domain: string): boolean =>
  matchesDomain(new X509Certificate(pair.cert).raw, domain, 'xmpp-client')

test('a certificate is made for all hosts, its key for its owner alone', () => {
  const pair = current(config('', ['a.test', 'b.test']))
  expect(speaksFor(pair, 'a.test') && speaksFor(pair, 'b.test')).toBe(true)
  expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(0o600)
})

test('the self-made certificate is kept over restarts', () => {
  expect(current(config())).toEqual(current(config()))
})

test.each([
  ['a host was added', () => {}, ['a.test', 'new.test']],
  ['less than 30 days are left', () => replace(selfSigned({ domains: ['a.test'], days: 29 })), ['a.test']],
  ['the key is of another certificate', () => write('key.pem', selfSigned({ domains: ['a.test'] }).key), ['a.test']],
  ['the file is damaged', () => write('certificate.pem', 'x'), ['a.test']],
])('the self-made certificate is made anew when %s', (_, change, hosts) => {
  const before = current(config())
  change()
  const after = current(config('', hosts))
  expect(after.cert).not.toBe(before.cert)
  for (const host of hosts) expect(speaksFor(after, host)).toBe(true)
})

function replace({ cert, key }: Pair): void {
  write('certificate.pem', cert)
  write('key.pem', key)
}

const files = '[tls]\ncertificate = "c.pem"\nkey = "k.pem"'

function filesConfig(): Config {
  return { ...config(files), tls: { certificate: join(folder, 'c.pem'), key: join(folder, 'k.pem') } }
}

test.each([
  ['there is no certificate', undefined, 'k', /c\.pem cannot be read/],
  ['there is no key', 'c', undefined, /k\.pem cannot be read/],
  ['it is no certificate', 'x', 'x', /c\.pem and .*k\.pem are no certificate and its key/],
])('refused when %s', (_, cert, key, text) => {
  if (cert !== undefined) write('c.pem', cert)
  if (key !== undefined) write('k.pem', key)
  expect(() => openCertificates(filesConfig(), silent)).toThrow(text)
})

test('a host may have a certificate of its own, which is renewed by itself', () => {
  const [common, own, next] = ['a.test', 'b.test', 'b.test'].map(name => selfSigned({ domains: [name] }))
  for (const [name, pair] of [
    ['c.pem', common!.cert],
    ['k.pem', common!.key],
    ['b.pem', own!.cert],
    ['bk.pem', own!.key],
  ] as const)
    write(name, pair)
  const path = (name: string): string => JSON.stringify(join(folder, name))
  const certificates = openCertificates(
    parseConfig(
      `data = ${JSON.stringify(folder)}
[[host]]
name = "a.test"
[[host]]
name = "b.test"
[host.tls]
certificate = ${path('b.pem')}
key = ${path('bk.pem')}
[tls]
certificate = ${path('c.pem')}
key = ${path('k.pem')}`,
      undefined,
    ),
    silent,
  )
  const used = (): string[] => Object.entries(certificates.contexts).map(([name, { cert }]) => `${name} ${cert}`)
  expect(used()).toEqual([`default ${common!.cert}`, `b.test ${own!.cert}`])
  let changes = 0
  certificates.onChange(() => changes++)
  write('b.pem', next!.cert)
  certificates.reload()
  expect(used()).toEqual([`default ${common!.cert}`, `b.test ${own!.cert}`])
  write('bk.pem', next!.key)
  certificates.reload()
  expect(used()).toEqual([`default ${common!.cert}`, `b.test ${next!.cert}`])
  expect(changes).toBe(1)
  certificates.close()
})

test('a new certificate that nobody can use is not used by half', () => {
  const [first, second] = [selfSigned({ domains: ['a.test'] }), selfSigned({ domains: ['a.test'] })]
  replaceFiles(first)
  const certificates = openCertificates(filesConfig(), silent)
  certificates.onChange(() => {
    throw new Error('no')
  })
  replaceFiles(second)
  certificates.reload()
  expect(certificates.current.cert).toBe(first.cert)
  certificates.close()
})

function replaceFiles({ cert, key }: Pair): void {
  write('c.pem', cert)
  write('k.pem', key)
}

test('new files are taken when they fit; half a pair changes nothing', () => {
  const [first, second] = [selfSigned({ domains: ['a.test'] }), selfSigned({ domains: ['a.test'] })]
  write('c.pem', first.cert)
  write('k.pem', first.key)
  const certificates = openCertificates(filesConfig(), silent)
  const seen: string[] = []
  certificates.onChange(() => seen.push(certificates.current.cert))
  certificates.reload()
  write('c.pem', second.cert)
  certificates.reload()
  expect(certificates.current.cert).toBe(first.cert)
  write('k.pem', second.key)
  certificates.reload()
  expect(certificates.current.cert).toBe(second.cert)
  expect(seen).toEqual([second.cert])
  expect(readFileSync(join(folder, 'c.pem'), 'utf8')).toBe(second.cert)
  certificates.close()
})
