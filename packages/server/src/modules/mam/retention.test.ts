import { createIdSource } from '@tercet/storage'
import { memoryStorage } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture } from '../../fixture.ts'
import { Round, type RetentionOptions } from './retention.ts'

const HOUR_MS = 3_600_000
const nothing: RetentionOptions = { days: undefined, messages: undefined, bytes: undefined, hostBytes: undefined }

/** Two accounts with a message of 10 bytes for each of the last `hours` hours; how many are left after a round. */
async function left(hours: number, options: Partial<RetentionOptions>): Promise<number[]> {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const log = storage.log('archive')
  const now = Date.now()
  for (const owner of ['juliet', 'romeo'])
    for (let hour = hours - 1; hour >= 0; hour--) {
      const at = now - hour * HOUR_MS
      const unit = storage.unit()
      log.append(unit, 'a.test', owner, { id: createIdSource(() => at)(), at, peer: 'p', body: 'x'.repeat(10) })
      await unit.commit()
    }
  const round = new Round(fixture.server.hosts.get('a.test')!, log, { ...nothing, ...options })
  do await round.step()
  while (!round.over)
  return await Promise.all(['juliet', 'romeo'].map(owner => log.count('a.test', owner)))
}

test.each<[string, Partial<RetentionOptions>, number[]]>([
  ['a number of each account', { messages: 3 }, [3, 3]],
  ['days', { days: 1 }, [24, 24]],
  ['bytes of each account', { bytes: 55 }, [5, 5]],
  ['bytes of all accounts, hour by hour', { hostBytes: 130 }, [6, 6]],
  ['more bytes than there are', { bytes: 10_000, hostBytes: 10_000 }, [30, 30]],
  ['the least of several', { messages: 20, bytes: 95, hostBytes: 500 }, [9, 9]],
  ['no bytes of all accounts: the running hour stays', { hostBytes: 1 }, [1, 1]],
])('messages stay within %s', async (_, options, expected) => expect(await left(30, options)).toEqual(expected))
