import { beyondAsciiToo, interop } from './behaviours.ts'
import { stanzaJs } from './clients/node-clients.ts'

interop(stanzaJs, beyondAsciiToo)
