// The runner, on a server of a few lines that answers by rote.
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountsOf, perform } from './play.ts'
import { parsePlay } from './play-parser.ts'

const header = `<?xml version='1.0'?><stream:stream from='a.test' id='s1' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
const error = `<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`
let server: Server
let port: number

beforeAll(async () => {
  server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.on('data', data => {
      const text = data.toString()
      if (text.includes('<stream:stream'))
        socket.write(`${header}<stream:features><x xmlns='urn:x'/></stream:features>`)
      if (text.includes('<hello'))
        socket.write(
          `<message id='1'><body>${text.includes('romeo-000@a.test') ? 'romeo-000@a.test' : '?'}</body></message><presence/>`,
        )
      if (text.includes('<fight')) socket.end(error)
      if (text.includes('<garble')) socket.write('<a></b>')
      if (text.includes('</stream:stream>')) socket.end('</stream:stream>')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this form.
  port = (server.address() as AddressInfo).port
})
afterAll(() => new Promise(resolve => server.close(resolve)))

function run(steps: string): Promise<void> {
  const play = parsePlay(`play  A title\nrule  STR-01, RFC 6120 §4\ncast  stranger (stream)\n\n${steps}`)
  return perform(play, { house: { host: '127.0.0.1', port, password: 'secret', patienceMs: 300 }, index: 0 })
}

const hello = `stranger sends\n  <hello to='romeo@a.test'/>\n`

test.each([
  [
    'in order, by their stage names',
    `${hello}stranger receives\n  <message id='{m=any}'><body>romeo@a.test</body></message>\n  <presence/>`,
  ],
  ['in any order', `${hello}stranger receives in any order\n  <presence/>\n  <message/>`],
  ['among others', `${hello}stranger receives among others\n  <presence/>`],
  ['nothing, without waiting blindly', `stranger receives nothing`],
  [
    'a header of its own',
    `stranger sends\n  <stream:stream>\nstranger receives\n  <stream:stream id='s1'>\n  <stream:features/>`,
  ],
  ['a stream error', `stranger sends\n  <fight/>\nstranger's stream is closed with <reset/> or <conflict/>`],
  ['a graceful end', `stranger closes`],
])('what is received: %s', async (_, steps) => {
  await expect(run(steps)).resolves.toBeUndefined()
})

test.each([
  [
    'another element',
    `${hello}stranger receives\n  <presence/>`,
    /line 7, stranger receives: .*the element is <message>/,
  ],
  ['nothing at all', `stranger receives\n  <presence/>`, /nothing came/],
  ['too much', `${hello}stranger receives nothing`, /this came: <message/],
  ['what was not to come', `${hello}stranger does not receive\n  <presence/>`, /this came: <presence/],
  [
    'an element that was not to come at all',
    `${hello}stranger receives in any order\n  <message/>\n  <iq/>`,
    /not expected: this came: <presence/,
  ],
  [
    'another stream error',
    `stranger sends\n  <fight/>\nstranger's stream is closed with <reset/>`,
    /closed with 'conflict', not '<reset\/>'/,
  ],
  ['no end', `stranger's stream is closed`, /nothing came/],
  ['XML that is none', `stranger sends\n  <garble/>\nstranger receives\n  <a/>`, /cannot be read/],
  ['an unknown expression', `stranger sends\n  <hello to='{juliet}'/>`, /nothing is known as \{juliet\}/],
])('what makes a play fail: %s', async (_, steps, message) => {
  await expect(run(steps)).rejects.toThrow(message)
})

test('the accounts of a play are those of its cast and of what is given', () => {
  const play = parsePlay(
    `play  A title\nrule  RT-04, RFC 6121 §8\ngiven  nurse follows romeo\ncast  romeo/a  romeo/b  juliet@b.test/c  stranger\n\nromeo/a closes`,
  )
  expect(accountsOf(play, 1)).toEqual(['romeo-001@a.test', 'juliet-001@b.test', 'nurse-001@a.test'])
})
