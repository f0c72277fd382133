import { expect, test } from 'vitest'
import { handoverShare } from './tercet-log.ts'

const bound = (stream: string, jid: string) =>
  `{"level":"debug","stream":"${stream}","jid":"${jid}","msg":"Resource bound"}`
const closed = (stream: string, scanned: number, handedOver: number) =>
  `{"level":"debug","stream":"${stream}","scanned":${scanned},"handedOver":${handedOver},"msg":"Stream closed"}`

test.each([
  ['two streams', [bound('a', 'r@a.test/1'), bound('b', 'r@a.test/2'), closed('b', 3, 1), closed('a', 6, 0)], [10, 1]],
  ['an account whose name begins alike', [bound('a', 'r@a.tester/1'), closed('a', 3, 1)], [0, 0]],
  ['a stream that never bound', [closed('a', 3, 3)], [0, 0]],
  ['other lines', ['Not JSON', bound('a', 'r@a.test/1'), '{"msg":"ready"}', closed('a', 1, 0)], [1, 0]],
])('the share is added up from the log: %s', async (_, log, [elements, handedOver]) => {
  expect(await handoverShare('r@a.test', () => log.join('\n'))).toEqual({ elements, handedOver })
})

test('streams that are still open are waited for, and half a line is none', async () => {
  const whole = [bound('a', 'r@a.test/1'), closed('a', 1, 1)].join('\n')
  let calls = 0
  const growing = () => whole.slice(0, whole.length - 4 + 2 * calls++)
  expect(await handoverShare('r@a.test', growing)).toEqual({ elements: 2, handedOver: 1 })
  expect(calls).toBe(3)
})
