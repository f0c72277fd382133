import { Jid } from '@tercet/jid'
import { attr, element, errorReply, fromFragment, iqGet, message, StanzaError, text, writeStanza } from '@tercet/stanza'
import { delay } from '@tercet/stanza/delay'
import { body } from '@tercet/stanza/im'
import { readStanza } from '@tercet/xml'

// A payload, declared once: its type is inferred, both ends use it.
const NS = 'urn:example:weather'
const forecast = iqGet(
  element(NS, 'forecast', { city: attr('city') }),
  element(NS, 'forecast', { city: attr('city'), sky: text('sky').optional }),
)
console.log(forecast.writeResult({ city: 'Verona', sky: 'clear' }).text)

// What comes in becomes a stanza once; payloads are read on demand.
const fragment = readStanza("<message to='juliet@capulet.lit' type='chat' id='m1'><body>Hist!</body></message>")
const stanza = fromFragment(fragment, { from: Jid.parse('romeo@montague.lit/orchard') })
console.log(stanza.kind, stanza.get(body), stanza.has(delay))

// Stanzas are values: a change is another one, and shares the content.
console.log(writeStanza(stanza.plus(delay, { stamp: new Date('2026-11-20T09:00:00Z') })))

const refusal = errorReply(stanza, new StanzaError('service-unavailable', { text: 'Juliet is away' }))
if (refusal) console.log(writeStanza(refusal))

console.log(writeStanza(message({ to: Jid.parse('juliet@capulet.lit'), type: 'chat', body: 'Good night' })))
