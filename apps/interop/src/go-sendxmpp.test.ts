import { interop, talking } from './behaviours.ts'
import { goSendxmpp } from './clients/go-sendxmpp.ts'

interop(goSendxmpp, talking)
