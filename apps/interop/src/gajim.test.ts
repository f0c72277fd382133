import { everything, interop } from './behaviours.ts'
import { gajim } from './clients/gajim.ts'

interop(gajim, everything)
