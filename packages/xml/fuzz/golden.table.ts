/** What a stream is, or why it is refused: one line for each rule, with its section. */
import { Element } from '../src/index.ts'

const STREAMS = 'http://etherx.jabber.org/streams'

export const el = (name: string, attrs: string[] = [], children: (Element | string)[] = [], ns = 'jabber:client'): Element =>
  new Element(name, ns, attrs, children)

/** Titles, input behind a client's header, and the elements that it is. */
export const accepted: [title: string, input: string, elements: unknown[]][] = [
  ['an empty element', '<presence/>', [el('presence')]],
  ['nothing between the tags', '<presence></presence>', [el('presence')]],
  ['both quotes', `<a b='"' c="'"/>`, [el('a', ['b', '"', 'c', "'"])]],
  ['> in a value and in text', "<a b='>'>></a>", [el('a', ['b', '>'], ['>'])]],
  ['] and ]] in text', '<a>]]]</a>', [el('a', [], [']]]'])]],
  ['the five entities', "<a b='&lt;&gt;&amp;'>&quot;&apos;</a>", [el('a', ['b', '<>&'], [`"'`])]],
  ['character references (RFC 6120 §11.1)', '<a>&#65;&#x1F339;&#10;</a>', [el('a', [], ['A🌹\n'])]],
  ['CDATA joined with text', '<a>x<![CDATA[<&]]>y</a>', [el('a', [], ['x<&y'])]],
  [']]> next to CDATA', '<a><![CDATA[]]]]>&gt;</a>', [el('a', [], [']]>'])]],
  ['line ends become LF (XML 1.0 §2.11)', '<a>1\r\n2\r3\n4</a>', [el('a', [], ['1\n2\n3\n4'])]],
  ['white space in a value becomes a space (XML 1.0 §3.3.3)', "<a b='1\t2\n3\r\n4'/>", [el('a', ['b', '1 2 3 4'])]],
  ['a reference to white space stays', "<a b='1&#9;&#10;&#13;'/>", [el('a', ['b', '1\t\n\r'])]],
  ['white space in tags', "<a\n b = '1'\t></a >", [el('a', ['b', '1'])]],
  ['characters of every length', '<a é="ü">é€😀</a>', [el('a', ['é', 'ü'], ['é€😀'])]],
  ['U+FEFF is a character, no BOM (RFC 6120 §11.6)', '<a>\ufeffb</a>', [el('a', [], ['\ufeffb'])]],
  ['DEL and C1 controls are legal', '<a>\x7f\u0085</a>', [el('a', [], ['\x7f\u0085'])]],
  ['xml:lang', "<a xml:lang='de'/>", [el('a', ['xml:lang', 'de'])]],
  ['an attribute in a namespace', "<a xmlns:p='urn:p' p:b='1' b='2'/>", [el('a', ['{urn:p}b', '1', 'b', '2'])]],
  [
    'names of object prototypes',
    "<a hasOwnProperty='1' b='2' __proto__='3'/>",
    [el('a', ['hasOwnProperty', '1', 'b', '2', '__proto__', '3'])],
  ],
  ['a namespace of its own', "<r xmlns='urn:xmpp:sm:3'/>", [el('r', [], [], 'urn:xmpp:sm:3')]],
  ['the content namespace declared again', "<a xmlns='jabber:client'/>", [el('a')]],
  [
    'a prefix for the content namespace (RFC 6120 §4.8.5)',
    "<c:a xmlns:c='jabber:client'><c:b/></c:a>",
    [el('a', [], [el('b')])],
  ],
  [
    'a prefix of the stream header',
    "<stream:error><x xmlns='u'/></stream:error>",
    [el('error', [], [el('x', [], [], 'u')], STREAMS)],
  ],
  ['no namespace inside', "<a><b xmlns=''><c/></b></a>", [el('a', [], [el('b', [], [el('c', [], [], '')], '')])]],
  [
    'a stanza inside a foreign element (XEP-0297 §3.2)',
    "<a><f xmlns='u'><a xmlns='jabber:client'><b/></a></f></a>",
    [el('a', [], [el('f', [], [el('a', [], [el('b')])], 'u')])],
  ],
  [
    'a foreign content namespace inside a foreign element',
    "<a><f xmlns='u'><a xmlns='jabber:server'/></f></a>",
    [el('a', [], [el('f', [], [el('a', [], [], 'jabber:server')], 'u')])],
  ],
  ['any content namespace between content elements', "<a><b xmlns='jabber:server'/></a>", [el('a', [], [el('b')])]],
  [
    'an escaped namespace is what it stands for',
    "<a xmlns='jabber:&#99;lient'><b xmlns='urn:xmpp:dela&#121;'/></a>",
    [el('a', [], [el('b', [], [], 'urn:xmpp:delay')])],
  ],
  [
    'a padded namespace is another one',
    "<a><b xmlns='urn:xmpp:delay '/></a>",
    [el('a', [], [el('b', [], [], 'urn:xmpp:delay ')])],
  ],
  [
    'white space between elements (RFC 6120 §4.6.1)',
    ' <a/>\n\t<b/> ',
    ['whitespace', el('a'), 'whitespace', el('b'), 'whitespace'],
  ],
  ['the end', '<a/></stream:stream >  <b/>', [el('a'), 'close']],
]

/** Titles, input behind a client's header, and the condition that it is refused with. */
export const refused: [title: string, input: string, condition: string][] = [
  ['a comment (RFC 6120 §11.1)', '<a><!-- b --></a>', 'restricted-xml'],
  ['a comment between elements', '<!-- b -->', 'restricted-xml'],
  ['a processing instruction', '<a><?b c?></a>', 'restricted-xml'],
  ['a second XML declaration (RFC 6120 §11.5)', "<?xml version='1.0'?>", 'restricted-xml'],
  ['a document type', '<!DOCTYPE a>', 'restricted-xml'],
  ['a document type inside', "<a><!DOCTYPE b [<!ENTITY c 'd'>]></a>", 'restricted-xml'],
  ['an entity of its own', '<a>&lol;</a>', 'restricted-xml'],
  ['an entity in a value', "<a b='&lol;'/>", 'restricted-xml'],
  ['an entity in capitals', '<a>&LT;</a>', 'restricted-xml'],
  ['an entity named as a prototype', '<a>&__proto__;</a>', 'restricted-xml'],
  ['a bare &', '<a>b & c</a>', 'not-well-formed'],
  ['an empty reference', '<a>&;</a>', 'not-well-formed'],
  ['a character reference in capitals', '<a>&#X41;</a>', 'not-well-formed'],
  ['a character reference without digits', '<a>&#;</a>', 'not-well-formed'],
  ['a reference to U+0000', '<a>&#0;</a>', 'not-well-formed'],
  ['a reference to a surrogate', '<a>&#xD800;</a>', 'not-well-formed'],
  ['a reference to U+FFFE', '<a>&#xFFFE;</a>', 'not-well-formed'],
  ['a reference beyond Unicode', '<a>&#x110000;</a>', 'not-well-formed'],
  ['an end tag that does not match', '<a><b></a>', 'not-well-formed'],
  ['an end tag longer than its start', '<a></ab>', 'not-well-formed'],
  ['an end tag with an attribute', "<a></a b='c'>", 'not-well-formed'],
  ['an end tag of another stream', '</stream>', 'not-well-formed'],
  ['a repeated attribute', "<a b='1' b='2'/>", 'not-well-formed'],
  ['a repeated declaration', "<a xmlns='u' xmlns='u'/>", 'not-well-formed'],
  [
    'attributes equal when expanded (RFC 6120 §11.3)',
    "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
    'not-well-formed',
  ],
  ['a prefix that is not declared', '<p:a/>', 'not-well-formed'],
  ['a prefix named as a prototype', '<constructor:a/>', 'not-well-formed'],
  ['an attribute prefix that is not declared', "<a p:b='1'/>", 'not-well-formed'],
  ['a prefix undeclared', "<a xmlns:p=''/>", 'not-well-formed'],
  ['xml: bound to something else', "<a xmlns:xml='u'/>", 'not-well-formed'],
  ['xmlns: declared', "<a xmlns:xmlns='u'/>", 'not-well-formed'],
  [
    'another prefix for the namespace of xml:',
    "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
    'not-well-formed',
  ],
  ['two colons', "<a xmlns:p='u'><p:b:c/></a>", 'not-well-formed'],
  ['< in a value', "<a b='<'/>", 'not-well-formed'],
  ['a value without quotes', '<a b=1/>', 'not-well-formed'],
  ['an attribute without a value', '<a b/>', 'not-well-formed'],
  ['no space between attributes', "<a b='1'c='2'/>", 'not-well-formed'],
  [']]> in text', '<a>]]></a>', 'not-well-formed'],
  ['white space after <', '< a/>', 'not-well-formed'],
  ['white space after </', '<a></ a>', 'not-well-formed'],
  ['white space after /', '<a/ >', 'not-well-formed'],
  ['a name that starts with a digit', '<1a/>', 'not-well-formed'],
  ['a name that starts with a combining character', '<\u0301a/>', 'not-well-formed'],
  ['CDATA between elements', '<![CDATA[ ]]>', 'bad-format'],
  ['half a section', '<a><![CDAT[ ]]></a>', 'not-well-formed'],
  ['U+0000', '<a>\0</a>', 'not-well-formed'],
  ['a control character', '<a>\x0b</a>', 'not-well-formed'],
  ['a control character in a value', "<a b='\x01'/>", 'not-well-formed'],
  ['a control character between elements', '\x01', 'not-well-formed'],
  ['U+FFFE', '<a>\ufffe</a>', 'not-well-formed'],
  ['U+FFFF in a value', "<a b='\uffff'/>", 'not-well-formed'],
  ['text between elements (RFC 6120 §11.7)', '<a/>b', 'bad-format'],
  [
    'another content namespace on a first-level element (RFC 6120 §4.8.3)',
    "<a xmlns='jabber:server'/>",
    'invalid-namespace',
  ],
  ['a first-level element in no namespace', "<a xmlns=''/>", 'invalid-namespace'],
]

/** Bytes that are no UTF-8 (RFC 6120 §11.6). */
export const notUtf8: [title: string, bytes: number[]][] = [
  ['an overlong form', [0xc0, 0x80]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ['a continuation alone', [0x80]],
  ['a lead byte alone', [0xc3]],
  ['ISO 8859-1', [0xe9]],
]

export const headers: [title: string, input: string, outcome: unknown][] = [
  [
    'without a declaration',
    `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to='a'>`,
    header('stream', ['to', 'a']),
  ],
  ['white space before it', `\n<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'>`, header('stream', [])],
  [
    'UTF-8 by name',
    `<?xml version="1.0" encoding="utf-8" standalone='yes' ?>\n<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'>`,
    header('stream', []),
  ],
  [
    'another prefix (RFC 6120 §4.8.5)',
    `<s:stream xmlns='jabber:client' xmlns:s='${STREAMS}' xml:lang='en'>`,
    header('s', ['xml:lang', 'en']),
  ],
  [
    'values with references',
    `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to="a&amp;&#98;">`,
    header('stream', ['to', 'a&b']),
  ],
  ['another encoding', "<?xml version='1.0' encoding='ISO-8859-1'?><stream:stream>", 'unsupported-encoding'],
  ['bytes of UTF-16', '\ufffe', 'not-well-formed'],
  ['a byte order mark', '\ufeff<a/>', 'not-well-formed'],
  ['white space before the declaration', " <?xml version='1.0'?>", 'restricted-xml'],
  ['XML 2', "<?xml version='2.0'?><stream:stream>", 'not-well-formed'],
  ['another processing instruction', '<?php ?><stream:stream>', 'restricted-xml'],
  ['a document type', '<!DOCTYPE a>', 'restricted-xml'],
  ['text', 'GET / HTTP/1.1', 'not-well-formed'],
  ['an end tag', '</stream:stream>', 'not-well-formed'],
  [
    'another namespace (RFC 6120 §4.8.1)',
    "<stream:stream xmlns='jabber:client' xmlns:stream='u'>",
    'invalid-namespace',
  ],
  ['an unbound prefix', "<stream:stream xmlns='jabber:client'>", 'not-well-formed'],
  ['another name', `<stream:steam xmlns='jabber:client' xmlns:stream='${STREAMS}'>`, 'bad-format'],
  ['no prefix (RFC 6120 §4.8.5)', `<stream xmlns='${STREAMS}'>`, 'bad-namespace-prefix'],
  ['no content namespace', `<stream:stream xmlns:stream='${STREAMS}'>`, 'invalid-namespace'],
  ['an unknown content namespace', `<stream:stream xmlns='u' xmlns:stream='${STREAMS}'>`, 'invalid-namespace'],
  ['an end of its own', `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}'/>`, 'bad-format'],
  [
    'more than 16 KiB',
    `<stream:stream xmlns='jabber:client' xmlns:stream='${STREAMS}' to='${'a'.repeat(20_000)}'>`,
    'policy-violation',
  ],
]

function header(prefix: string, attrs: string[]): unknown {
  return { name: 'stream', ns: STREAMS, contentNs: 'jabber:client', prefix, attrs }
}

