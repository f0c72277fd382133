// XEP-0202 2.0: entity time.
import { element } from '../codec.ts'
import { text } from '../fields.ts'
import { iqGet } from '../query.ts'
import { type Scalar, dateTime } from '../scalars.ts'

/** Namespace of entity time. */
export const NS = 'urn:xmpp:time'

/** Offset from UTC in minutes, east is positive; `Z`, `+02:00`, `-06:30` (XEP-0082 §3.3). */
const zone: Scalar<number> = {
  is: 'an offset from UTC',
  read(text) {
    if (text === 'Z') return 0
    const found = /^([+-])(\d\d):([0-5]\d)$/.exec(text)
    if (!found || Number(found[2]) > 14) return undefined
    const minutes = Number(found[2]) * 60 + Number(found[3])
    return found[1] === '-' && minutes > 0 ? -minutes : minutes
  },
  write(minutes) {
    const size = Math.abs(minutes)
    const hour = String(Math.floor(size / 60)).padStart(2, '0')
    return `${minutes < 0 ? '-' : '+'}${hour}:${String(size % 60).padStart(2, '0')}`
  },
}

/** Asks for an entity's clock: the moment, and its zone as `offsetMinutes`. */
export const time = iqGet(
  element(NS, 'time'),
  element(NS, 'time', { offsetMinutes: text('tzo', zone), utc: text('utc', dateTime) }),
)
