import { beyondAsciiToo, interop } from './behaviours.ts'
import { slixmpp } from './clients/slixmpp.ts'

interop(slixmpp, beyondAsciiToo)
