import { write } from '@tercet/xml'
import { xml } from '@tercet/xml/template'
import { expect, test } from 'vitest'
import { startFixture } from '../../fixture.ts'
import { itemsOf, publishes, PUBSUB } from '../pep/pep.fixture.ts'
import { toVCard4, toVCardTemp } from './map.ts'

const OLD = xml`<vCard xmlns='vcard-temp'>
  <FN>Juliet Capulet</FN>
  <N><FAMILY>Capulet</FAMILY><GIVEN>Juliet</GIVEN></N>
  <NICKNAME>jule</NICKNAME><BDAY>1301-07-31</BDAY><URL>http://verona.example/</URL>
  <TITLE>Miss</TITLE><ROLE>Lover</ROLE><DESC>At the balcony</DESC>
  <ORG><ORGNAME>Capulets</ORGNAME><ORGUNIT>Youth</ORGUNIT></ORG>
  <ADR><HOME/><STREET>Via Cappello 23</STREET><LOCALITY>Verona</LOCALITY><CTRY>Italy</CTRY></ADR>
  <TEL><WORK/><VOICE/><NUMBER>+39-045</NUMBER></TEL>
  <EMAIL><HOME/><USERID>juliet@verona.example</USERID></EMAIL>
  <JABBERID>juliet@a.test</JABBERID>
</vCard>`

const NEW = xml`<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>
  <fn><text>Juliet Capulet</text></fn>
  <n><surname>Capulet</surname><given>Juliet</given></n>
  <nickname><text>jule</text></nickname><bday><date>1301-07-31</date></bday><url><uri>http://verona.example/</uri></url>
  <title><text>Miss</text></title><role><text>Lover</text></role><note><text>At the balcony</text></note>
  <org><text>Capulets</text><text>Youth</text></org>
  <adr><parameters><type><text>home</text></type></parameters><street>Via Cappello 23</street><locality>Verona</locality><country>Italy</country></adr>
  <tel><parameters><type><text>work</text><text>voice</text></type></parameters><uri>tel:+39-045</uri></tel>
  <email><parameters><type><text>home</text></type></parameters><text>juliet@verona.example</text></email>
  <impp><uri>xmpp:juliet@a.test</uri></impp>
</vcard>`

test('each form is made of the other (XEP-0292 §5)', () => {
  expect(write(toVCard4(OLD, undefined))).toBe(write(NEW))
  expect(write(toVCardTemp(NEW, undefined))).toBe(write(OLD))
})

test('what a form cannot say is not lost by it, and what is empty is left out', () => {
  const before = xml`<vCard xmlns='vcard-temp'><FN>Old</FN><PHOTO><BINVAL>aGk=</BINVAL></PHOTO></vCard>`
  const card = xml`<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>New</text></fn><n><surname/></n><tel><parameters/></tel></vcard>`
  expect(write(toVCardTemp(card, before))).toBe(
    write(xml`<vCard xmlns='vcard-temp'><FN>New</FN><PHOTO><BINVAL>aGk=</BINVAL></PHOTO></vCard>`),
  )
  const kept = xml`<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><lang><language-tag>it</language-tag></lang></vcard>`
  expect(write(toVCard4(before, kept))).toContain('<language-tag>it</language-tag>')
})

test('a card that is published can be read as vcard-temp, and the other way round', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  const romeo = await fixture.available('romeo@a.test/orchard')
  await publishes(juliet, 'urn:xmpp:vcard4', `<item id='current'>${write(NEW)}</item>`)
  await romeo.asks(
    "<iq type='get' id='v' to='juliet@a.test'><vCard xmlns='vcard-temp'/></iq>",
    `<iq type='result' id='v'>${write(OLD)}</iq>`,
  )
  await juliet.asks(
    "<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>Juliet Montague</FN></vCard></iq>",
    "<iq type='result' id='v'/>",
  )
  const answer = await romeo.asks(
    itemsOf('urn:xmpp:vcard4', '', 'juliet@a.test'),
    `<iq type='result' id='g'><pubsub ${PUBSUB}><items node='urn:xmpp:vcard4'><item id='current'><vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Juliet Montague</text></fn></vcard></item></items></pubsub></iq>`,
  )
  expect(JSON.stringify(answer)).not.toContain('surname')
})

test('a card that only contacts may read does not become one that everybody may', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.available('juliet@a.test/balcony')
  await publishes(juliet, 'urn:xmpp:vcard4', `<item id='current'>${write(NEW)}</item>`, { access_model: 'presence' })
  await juliet.asks(
    "<iq type='get' id='v'><vCard xmlns='vcard-temp'/></iq>",
    "<iq type='error' id='v'><error type='cancel'><item-not-found/></error></iq>",
  )
})
