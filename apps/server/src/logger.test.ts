import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'

function logged(forPeople: boolean): { text: () => string; logger: ReturnType<typeof createLogger> } {
  let text = ''
  const destination = { write: (line: string) => void (text += line) }
  return { text: () => text, logger: createLogger({ level: 'trace', forPeople, destination }) }
}

test.each([
  ['JSON', false],
  ['for people', true],
])('no secret is written, wherever a line has it: %s', async (_, forPeople) => {
  const { text, logger } = logged(forPeople)
  const secret = 'hunter2-hunter2'
  logger.info({ password: secret }, 'one')
  logger.child({ stream: 's1', password: secret }).error({ account: { jid: 'a@b', password: secret } }, 'two')
  logger.debug({ request: { input: { password: secret, token: secret } }, storedKey: secret }, 'three')
  await expect.poll(text).toMatch(/three/)
  expect(text()).toContain('[secret]')
  expect(text()).toContain('s1')
  expect(text()).not.toContain(secret)
})

test('lines are JSON with level, time and facts', () => {
  const { text, logger } = logged(false)
  logger.child({ host: 'a.test' }).warn({ stream: 's1' }, 'Look')
  expect(JSON.parse(text())).toMatchObject({ level: 'warn', host: 'a.test', stream: 's1', msg: 'Look' })
  expect(text()).toMatch(/"time":"\d{4}-\d\d-\d\dT/)
})
