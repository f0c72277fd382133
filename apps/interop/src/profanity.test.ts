import { everything, interop } from './behaviours.ts'
import { profanity } from './clients/profanity.ts'

interop(profanity, everything)
