import { everything, interop } from './behaviours.ts'
import { mcabber } from './clients/mcabber.ts'

interop(mcabber, everything)
