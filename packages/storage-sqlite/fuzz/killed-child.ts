/** Commits without end and prints the number of each unit once its commit has resolved; its parent kills it. */

import { idAt, placeOf } from '@tercet/storage/adapter'
import { openSqliteStorage } from '../src/open.ts'

const storage = await openSqliteStorage({ folder: process.argv[2]! })
const first = Number(process.argv[3])

/** One unit in each shape, so that a torn one would show. */
async function write(number: number): Promise<void> {
  const unit = storage.unit()
  const id = String(number).padStart(9, '0')
  storage.log('archive').append(unit, 'a.test', 'romeo', {
    id: idAt(placeOf(number)),
    at: number,
    peer: 'p',
    body: 'x'.repeat(number % 5_000),
  })
  storage.table<number>('numbers').put(unit, 'a.test', 'romeo', id, number)
  storage.spool.put(unit, { destination: 'juliet', id, at: number, text: '<message/>', settled: false, stored: false })
  await unit.commit()
  process.stdout.write(`${number}\n`)
}

async function writeOn(lane: number): Promise<void> {
  for (let number = first + lane; ; number += 20) await write(number)
}

await Promise.all(Array.from({ length: 20 }, (_, lane) => writeOn(lane)))
