/** Suite: how the owners of a table are found. */

import { expect, test } from 'vitest'
import type { Fixture } from '../suite.ts'

export function ownerRules(fixture: Fixture): void {
  const host = 'a.test'
  const owners = async () => {
    const found: string[] = []
    for await (const owner of fixture.storage.table('t').owners(host)) found.push(owner)
    return found
  }

  test('owners with rows come once each, in order, durable or pending', async () => {
    const { storage } = fixture
    const table = storage.table('t')
    const unit = storage.unit()
    for (const owner of ['c', 'a']) for (const key of ['1', '2']) table.put(unit, host, owner, key, 1)
    table.put(unit, 'other.test', 'x', 'k', 1)
    storage.table('other').put(unit, host, 'y', 'k', 1)
    await unit.commit()
    const pending = storage.unit()
    table.put(pending, host, 'b', 'k', 1)
    table.clear(pending, host, 'c')
    expect(await owners()).toEqual(['a', 'b'])
    await pending.commit()
    expect(await owners()).toEqual(['a', 'b'])
    await fixture.restart()
    expect(await owners()).toEqual(['a', 'b'])
  })

  test('many owners are all found', async () => {
    const names = Array.from({ length: 1_100 }, (_, turn) => `owner${turn}`).sort()
    const unit = fixture.storage.unit()
    for (const name of names) fixture.storage.table('t').put(unit, host, name, 'k', 1)
    await unit.commit()
    expect(await owners()).toEqual(names)
  })

  test('a table without rows has no owners', async () => {
    expect(await owners()).toEqual([])
  })
}
