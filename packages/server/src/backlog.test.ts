import { expect, test } from 'vitest'
import { startFixture } from './fixture.ts'

const NS = 'urn:xmpp:sm:3'

test('an account whose backlog is larger than what a session may leave unconfirmed can still log in, and gets all of it', async () => {
  await using fixture = await startFixture({ limits: { maxUnconfirmed: 10, offlineMessages: 100 } })
  const romeo = await fixture.login('romeo@a.test/orchard')
  for (let number = 0; number < 30; number++)
    romeo.send(`<message to='juliet@a.test' type='chat' id='m${number}'><body>Hist!</body></message>`)
  await fixture.quiet()
  const juliet = await fixture.login('juliet@a.test/balcony')
  juliet.send(`<enable xmlns='${NS}' resume='true'/><presence/>`)
  for (let number = 0; number < 30; number++) {
    await juliet.find(({ name, attributes }) => name === 'message' && attributes['id'] === `m${number}`, `m${number}`)
    juliet.send(`<a xmlns='${NS}' h='${number + 1}'/>`)
  }
  expect(juliet.closed).toBe(false)
})
