import { everything, interop } from './behaviours.ts'
import { xmppJs } from './clients/node-clients.ts'

// COMPAT(@xmpp/client 0.14.0): its SCRAM does not encode names beyond ASCII as UTF-8, so no account with such a name.
interop(xmppJs, everything)
