// XEP-0377 0.4.1: reports about somebody who is being blocked.
import { type Codec, type Read, element } from '../codec.ts'
import { attr, child, flag, text } from '../fields.ts'
import { stanzaId } from './stanza-id.ts'

/** Namespace of reports. */
export const NS = 'urn:xmpp:reporting:1'

/** Reason: unwanted messages. */
export const SPAM = 'urn:xmpp:reporting:spam'

/** Reason: abuse that nothing else describes. */
export const ABUSE = 'urn:xmpp:reporting:abuse'

const fields = {
  reason: attr('reason'),
  /** What the user says about it; several may be there, one for each language. */
  texts: text('text').many,
  stanzaIds: child(stanzaId).many,
  /** The domain where the messages came from may be told. */
  reportOrigin: flag('report-origin'),
  /** Others who work on reports may be told. */
  thirdParty: flag('third-party'),
}

/** A report (§4): why, in the user's words, and about which messages. */
export type Report = Read<typeof fields>

/** `<report/>`, inside of an item of the blocking command. */
export const report: Codec<Report> = element(NS, 'report', fields)
