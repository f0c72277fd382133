import { describe, expect, test } from 'vitest'
import { traceOrder } from './order.ts'
import { earlyAcknowledgement, synchronousOff } from './switches.ts'
import { checkOrder, traceEvents } from './trace.ts'

describe('the order of system calls', () => {
  test('each acknowledgement leaves after the sync of the commits that hold what it counts', async () => {
    const report = await traceOrder()
    const { acknowledgements, counted, syncs } = report
    console.log(`strace: ${acknowledgements} acknowledgements of ${counted} stanzas after ${syncs} syncs`)
    expect(report.violations).toEqual([])
    expect(counted).toBe(600)
    expect(syncs).toBeGreaterThan(10)
  })

  test.each([
    ['SQLite runs with synchronous=OFF', synchronousOff],
    ['stanzas are acknowledged before the commit', earlyAcknowledgement],
  ])('the same check is red when %s', async (title, preload) => {
    const { violations, counted } = await traceOrder({ preload: [preload] })
    console.log(`${title}: ${violations.length} of ${counted} stanzas were acknowledged too early`)
    expect(violations).not.toEqual([])
  })
})

describe('reading a trace', () => {
  const log = (id: string) => `11 pwrite64(25</d/tercet.db-wal>, "..<message id='${id}'>", 4096, 0) = 4096`
  const sync = '11 fdatasync(25</d/tercet.db-wal>) = 0'
  const told = (h: number) =>
    `10 write(30<TCP:[127.0.0.1:5222->127.0.0.1:4000]>, "<a xmlns='urn:xmpp:sm:3' h='${h}'/>", 35) = 35`

  test.each([
    ['written, synced, told', [log('m1'), sync, told(1)], 0],
    [
      'a sync that was interrupted',
      [log('m1'), '11 fdatasync(25</d/tercet.db-wal> <unfinished ...>', '11 <... fdatasync resumed>) = 0', told(1)],
      0,
    ],
    ['two in one commit', [log('m1'), log('m2'), sync, told(2)], 0],
    ['told what was told already', [log('m1'), sync, told(1), told(1)], 0],
    ['told before the sync', [log('m1'), told(1), sync], 1],
    [
      'told while it is being synced',
      [log('m1'), '11 fdatasync(25</d/tercet.db-wal> <unfinished ...>', told(1), '11 <... fdatasync resumed>) = 0'],
      1,
    ],
    [
      'written while an earlier sync runs',
      [
        '11 fdatasync(25</d/tercet.db-wal> <unfinished ...>',
        log('m1').replace('11', '12'),
        '11 <... fdatasync resumed>) = 0',
        told(1),
      ],
      1,
    ],
    ['a sync that failed', [log('m1'), '11 fdatasync(25</d/tercet.db-wal>) = -1 EIO (Input/output error)', told(1)], 1],
    ['a sync of another file', [log('m1'), '11 fdatasync(26</d/tercet.db>) = 0', told(1)], 1],
    ['never written', [sync, told(2)], 2],
    [
      'short numbers of processes, which strace pads',
      [log('m1'), sync, told(1)].map(line => line.replace(' ', '   ')),
      0,
    ],
  ])('%s', (_, lines, violations) => {
    const report = checkOrder(traceEvents(lines), [{ port: 4000, ids: ['m1', 'm2'] }])
    expect(report.violations).toHaveLength(violations)
  })

  test('other sockets do not matter', () => {
    expect(checkOrder(traceEvents([told(1)]), [{ port: 4001, ids: ['m1'] }]).violations).toEqual([])
  })
})
