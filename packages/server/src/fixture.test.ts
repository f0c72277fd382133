import { expect, test } from 'vitest'
import { startFixture } from './fixture.ts'

test('clients log in, see each other, and what a stranger sends waits for a subscription', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  const juliet = await fixture.available('juliet@a.test/balcony')
  romeo.send("<message to='juliet@a.test/balcony' type='chat' id='m1'><body>Hist!</body></message>")
  await juliet.receives("<message from='romeo@a.test/orchard' type='chat' id='m1'><body>Hist!</body></message>")
  await juliet.receivesNothing()
  await romeo.receivesNothing()
})

test('an expectation that does not hold says so', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test')
  romeo.send("<message to='romeo@a.test' type='normal' id='m1'><body>Me</body></message>")
  romeo.send('<presence/>')
  await expect(romeo.receives("<presence type='unavailable'/>")).rejects.toThrow('type is missing')
  await expect(romeo.receivesNothing()).rejects.toThrow('expected nothing')
})

test('a wrong password does not log in', async () => {
  await using fixture = await startFixture()
  await expect(fixture.login('romeo@a.test', 'wrong')).rejects.toThrow('not-authorized')
})

test('other domains are spoken for', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.available('romeo@a.test/orchard')
  romeo.send("<message to='nurse@b.test' id='m1'><body>News?</body></message>")
  await fixture.quiet()
  fixture.afar.receives("<message from='romeo@a.test/orchard' to='nurse@b.test' id='m1'><body>News?</body></message>")
  fixture.afar.sends("<message from='nurse@b.test/x' to='romeo@a.test' id='m2'><body>None</body></message>")
  await romeo.receives("<message from='nurse@b.test/x' id='m2'><body>None</body></message>")
  expect(fixture.afar.unread).toEqual([])
})
