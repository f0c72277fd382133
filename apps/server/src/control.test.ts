import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silent } from '@tercet/plugin'
import { createServer, type Server } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { memoryStorage } from '@tercet/storage/memory'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { controlPlace, openControl, type Control } from './control.ts'

let folder: string
let server: Server
let control: Control
let shutDowns = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'control-'))
  server = await createServer({
    storage: memoryStorage(),
    hosts: [{ name: 'a.test', modules: standardModules }],
    iterations: 4096,
  })
  control = await openControl(folder, { server, shutDown: () => shutDowns++ }, silent)
})
afterEach(async () => {
  control.close()
  await server.stop()
  await server.storage.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Sends text and gives everything that is answered until our end is closed. */
async function ask(text: string, path = join(folder, 'control.sock')): Promise<string> {
  const socket = connect(path).on('error', () => {})
  let answers = ''
  socket.on('data', chunk => (answers += String(chunk)))
  socket.end(text)
  // Not events.once(), which takes an error for the end of the wait.
  await new Promise(resolve => socket.once('close', resolve))
  return answers
}

const line = (operation: string, input: unknown): string => `${JSON.stringify({ operation, input })}\n`

test('requests are answered line by line, in order', async () => {
  const requests = [
    line('account.add', { jid: 'x@a.test', password: 'secret' }),
    line('account.add', { jid: 'x@a.test', password: 'secret' }),
    line('account.list', {}),
    line('stop', {}),
  ]
  expect((await ask(requests.join(''))).split('\n')).toEqual([
    '{"result":{"jid":"x@a.test"}}',
    '{"error":"x@a.test exists already"}',
    '{"result":{"jids":["x@a.test"]}}',
    `{"result":{"pid":${process.pid}}}`,
    '',
  ])
  expect(shutDowns).toBe(1)
})

test.each([
  ['no JSON', 'x\n', /^\{"error":"The operation failed/],
  ['no request', '[]\n', /^\{"error":"The operation failed/],
  ['an operation that does not exist', line('nonsense', {}), /^\{"error":"There is no operation nonsense"\}/],
  ['one that objects inherit', line('__proto__', {}), /^\{"error":"There is no operation __proto__"\}/],
  ['an input of another type', line('account.add', { jid: 5, password: 'x' }), /^\{"error":"account\.add: /],
  ['an input with more in it', line('account.list', { x: 1 }), /^\{"error":"account\.list: /],
  ['a path that depends on the folder of the server', line('backup', { path: 'copy.db' }), /^\{"error":"backup: /],
  ['a store that has no file', line('backup', { path: '/tmp/x' }), /^\{"error":"/],
])('refused, and the next one is answered: %s', async (_, text, answer) => {
  expect(await ask(text)).toMatch(answer)
  expect(await ask(line('account.list', {}))).toBe('{"result":{"jids":[]}}\n')
})

test('a line without an end is not gathered for ever', async () => {
  expect(await ask('x'.repeat(5 * 1024 * 1024))).toBe('')
})

test('the socket is for the owner alone, and gone when it is closed', () => {
  expect(statSync(join(folder, 'control.sock')).mode & 0o777).toBe(0o600)
  control.close()
  expect(() => statSync(join(folder, 'control.sock'))).toThrow('ENOENT')
})

test.runIf(process.platform === 'linux')('a path longer than sockets may have is reached all the same', async () => {
  const long = join(folder, 'x'.repeat(120))
  mkdirSync(long)
  const other = await openControl(long, { server }, silent)
  const place = controlPlace(long)
  expect(await ask(line('account.list', {}), place.path)).toBe('{"result":{"jids":[]}}\n')
  expect(await ask(line('stop', {}), place.path)).toBe('{"error":"No server is running"}\n')
  place.release()
  other.close()
})
