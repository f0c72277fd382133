import { describe, expect, test, vi } from 'vitest'
import { idAt, placeOf } from './id.ts'
import { MemoryDisk, memoryStorage } from './memory.ts'
import { storageSuite } from './suite.ts'

let disk = new MemoryDisk()

storageSuite('memory', {
  open: () => {
    disk = new MemoryDisk()
    return memoryStorage({ disk })
  },
  reopen: async storage => {
    await storage.close()
    return memoryStorage({ disk })
  },
  clean: () => {},
})

describe('switches of the memory store', () => {
  test('held commits stay pending until they are released', async () => {
    await using storage = memoryStorage()
    storage.hold()
    const unit = storage.unit()
    storage.log('archive').append(unit, 'a.test', 'romeo', { id: idAt(placeOf(1)), at: 1, peer: 'p', body: 'b' })
    const landed = vi.fn()
    const commit = unit.commit().then(landed)
    await new Promise(resolve => setImmediate(resolve))
    expect(landed).not.toHaveBeenCalled()
    expect(storage.stats()).toMatchObject({ backlog: 1, commits: 0 })
    storage.release()
    await commit
    expect(storage.stats()).toMatchObject({ backlog: 0, commits: 1, rows: 1 })
  })

  test.each(['full', 'failed'] as const)(
    'a failing flush (%s) rejects each unit in it and hides its writes',
    async condition => {
      await using storage = memoryStorage()
      const table = storage.table<number>('t')
      const units = [1, 2].map(value => {
        const unit = storage.unit()
        table.put(unit, 'h', 'o', `k${value}`, value)
        return unit
      })
      storage.failCommits(condition)
      const outcomes = await Promise.allSettled(units.map(unit => unit.commit()))
      expect(
        outcomes.map(outcome => outcome.status === 'rejected' && (outcome.reason as { condition: string }).condition),
      ).toEqual([condition, condition])
      expect(await table.list('h', 'o')).toEqual([])
      expect(storage.stats().writable).toBe(false)
      storage.failCommits(undefined)
      const unit = storage.unit()
      table.put(unit, 'h', 'o', 'k', 3)
      await unit.commit()
      expect(storage.stats().writable).toBe(true)
    },
  )

  test('there is no backup', async () => {
    await using storage = memoryStorage()
    await expect(storage.backup('/nowhere')).rejects.toMatchObject({ condition: 'unsupported' })
  })
})
