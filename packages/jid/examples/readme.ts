import { FullJid, Jid, escapeLocal, isFull, unescapeLocal } from '@tercet/jid'
import { opaqueString } from '@tercet/jid/precis'

const jid = Jid.parse('JULIET@Example.COM./Balcony')
console.log(jid.text) // juliet@example.com/Balcony
console.log(jid.local, jid.domain, jid.resource) // juliet example.com Balcony
console.log(isFull(jid)) // true

const bare = jid.bare
console.log(Jid.equal(bare, Jid.parse('juliet@example.com'))) // true
console.log(bare.withResource('Chamber').text) // juliet@example.com/Chamber
console.log(Jid.parse('xn--bcher-kva.example').text) // bücher.example

try {
  FullJid.parse('romeo and juliet@example.com')
} catch (error) {
  console.log(String(error)) // JidError: Leave out spaces, symbols and " & ' / : < > @ before the domain
}

const local = escapeLocal("d'artagnan")
console.log(Jid.from({ local, domain: 'musketeers.lit' }).text) // d\27artagnan@musketeers.lit
console.log(unescapeLocal(local)) // d'artagnan

console.log(opaqueString('correct horse\u00a0battery')) // correct horse battery
