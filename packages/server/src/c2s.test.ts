import { silent, type Logger } from '@tercet/plugin'
import { expect, test } from 'vitest'
import { startFixture } from './fixture.ts'

/** Keeps the facts of the debug lines that say `text`. */
function linesOf(text: string): { logger: Logger; lines: object[] } {
  const lines: object[] = []
  const debug: Logger['debug'] = (facts, said) => {
    if (said === text) lines.push(facts)
  }
  const logger: Logger = { ...silent, debug, child: () => logger }
  return { logger, lines }
}

test.each([
  ['none', "<presence id='p1'/>", 0],
  ['one with a prefix', "<presence id='p1'><e:x xmlns:e='urn:example:x'/></presence>", 1],
])('the end of a stream is logged once, with what each reader took: handed over was %s', async (_, xml, handedOver) => {
  const { logger, lines } = linesOf('Stream closed')
  await using fixture = await startFixture({ logger })
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(xml)
  await romeo.receives("<presence id='p1'>{any}</presence>")
  romeo.send('</stream:stream>')
  await romeo.receivesClose()
  await fixture.server.c2s.closed()
  // SASL takes two elements, binding one.
  const scanned = 4 - handedOver
  expect(lines).toEqual([{ stream: expect.any(String) as string, jid: 'romeo@a.test/orchard', scanned, handedOver }])
})

test('a stream that ends before it binds has no address in its line', async () => {
  const { logger, lines } = linesOf('Stream closed')
  await using fixture = await startFixture({ logger })
  const stranger = fixture.connect()
  await stranger.open('a.test')
  stranger.cut()
  await fixture.server.c2s.closed()
  expect(lines).toEqual([{ stream: expect.any(String) as string, jid: undefined, scanned: 0, handedOver: 0 }])
})
