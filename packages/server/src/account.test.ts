import { BareJid } from '@tercet/jid'
import { expect, test } from 'vitest'
import { startFixture } from './fixture.ts'

test('what a task gives its own queue to do runs when the task is done', async () => {
  await using fixture = await startFixture()
  const account = fixture.server.hosts.get('a.test')!.account(BareJid.parse('romeo@a.test'))
  const done: string[] = []
  account.enter(() => {
    account.enter(() => void done.push('second'))
    done.push('first')
  })
  expect(done).toEqual(['first', 'second'])
  account.enter(() => void done.push('third'))
  expect(done).toEqual(['first', 'second', 'third'])
  expect(account.idle).toBe(true)
})
