/** What clients in common use sent in a recording, one element of each form: for tests and the fuzz. */

/** Clients with their version, and a first-level element that the scan reads. */
export const sentByClients: readonly [client: string, element: string][] = [
  [
    'slixmpp 1.8.3: a blank before />',
    `<iq id="9c4b8a36ebfc421ca1925213a1b2fe82" type="get"><query xmlns="jabber:iq:roster" ver="" /></iq>`,
  ],
  ['slixmpp 1.8.3: a language', `<presence id="cf675ca85b8a4785a0e0e0bd79f1705b" xml:lang="en" />`],
  [
    'slixmpp 1.8.3: beyond ASCII',
    `<message type="chat" to="juliet3@interop.test" id="16ef8fd9" xml:lang="en"><body>Was soll ich schwören? “Was?” €</body></message>`,
  ],
  [
    'xmpp.js 0.14.0: a response that repeats its mechanism',
    `<response xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="SCRAM-SHA-1">UkVEQUNURUQ=</response>`,
  ],
  ['xmpp.js 0.14.0: a nonza', `<enable xmlns="urn:xmpp:sm:3" resume="true"/>`],
  ['xmpp.js 0.14.0: no attributes', '<presence/>'],
  [
    'stanza.js 12.22: each message declares its namespace (RFC 7395 §3.3.3)',
    `<iq xmlns="jabber:client" id="95365c18-96db-44d4-83fd-756c73e76e31" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>balcony</resource></bind></iq>`,
  ],
  [
    'profanity 0.13.1: a namespace behind other attributes',
    `<presence id="b9gGkGCebzVpxAmd"><c hash="sha-1" xmlns="http://jabber.org/protocol/caps" ver="Sb0R3dtmZsLSf1CuGFGYkmNdm1k=" node="http://profanity-im.github.io"/></presence>`,
  ],
  [
    'profanity 0.13.1: an empty element inside of binding',
    `<iq id="_xmpp_bind1" type="set"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><required/><resource>balcony</resource></bind></iq>`,
  ],
  [
    'mcabber 1.1.2: end tags instead of />',
    `<presence id="12424176257"><status></status><c ver="mnQV9IXP6bj8/wvKJ+4270fD2eo=" node="http://mcabber.com/caps" hash="sha-1" xmlns="http://jabber.org/protocol/caps"></c></presence>`,
  ],
  ['go-sendxmpp 0.5.6: empty children', `<presence xml:lang='en'><show></show><status></status></presence>`],
  [
    'go-sendxmpp 0.5.6: entities',
    `<message to='juliet3@interop.test' type='chat' id='5a44cf61' xml:lang='en'><body>Lady, by yonder blessed moon I vow &amp; &lt;swear&gt;</body></message>`,
  ],
]

/** The only form of these clients that the scan does not read: once in each login. */
export const handedOverOfClients: readonly [client: string, element: string][] = [
  [
    'mcabber 1.1.2: an attribute with a prefix',
    `<auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl" ga:client-uses-full-bind-result="true" xmlns:ga="http://www.google.com/talk/protocol/auth" id="129132481">UkVEQUNURUQ=</auth>`,
  ],
]
