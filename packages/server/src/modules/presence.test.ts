import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'

test.each([
  ['empty', '<show></show><status></status>'],
  ['an empty tag', '<show/>'],
])('a show that is %s stands for none (RFC 6121 §4.7.2.1)', async (_, children) => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence id='p1'>${children}</presence>`)
  await romeo.receives(`<presence from='romeo@a.test/orchard' id='p1'>${children}</presence>`)
})

test.each([
  ['an unknown one', '<show>lovesick</show>'],
  ['only white space', '<show> </show>'],
  ['another case', '<show>AWAY</show>'],
  ['two of them', '<show/><show>away</show>'],
])('a show is refused: %s (RFC 6121 §4.7.2.1)', async (_, children) => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  romeo.send(`<presence id='p1'>${children}</presence>`)
  const refusal = await romeo.receives(`<presence type='error' id='p1'>{any}</presence>`)
  expect(refusal.attributes['to']).toBe('romeo@a.test/orchard')
})
