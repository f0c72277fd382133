/** The secret behind dialback keys (XEP-0185 1.0 §2), made at the first start: keys of streams that outlive a restart still hold. */

import { randomBytes } from 'node:crypto'
import type { Storage } from '@tercet/storage'

/** The secret of this data folder. */
export async function dialbackSecret(storage: Storage): Promise<string> {
  const table = storage.table<string>('secrets')
  const row = await table.get('', '', 'dialback')
  if (row) return row.value
  const secret = randomBytes(32).toString('hex')
  const unit = storage.unit()
  table.put(unit, '', '', 'dialback', secret)
  await unit.commit()
  return secret
}
