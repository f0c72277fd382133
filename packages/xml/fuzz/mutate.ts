/** Mutants of stanzas: cut, doubled, spliced, and sprinkled with what parsers disagree about. */
import { handedOverStanzas, scannedStanzas } from '../bench/corpus.ts'

/** A repeatable source of numbers in [0, below). */
export type Random = (below: number) => number

/** Mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

const encoder = new TextEncoder()
const seeds = [...scannedStanzas, ...handedOverStanzas, '<a>b</a>', "<m a='1'><n xmlns='u'/></m>"].map(stanza =>
  encoder.encode(stanza),
)

const TOKENS: Uint8Array[] = [
  ...[
    "'",
    '"',
    '<',
    '>',
    '/',
    '=',
    '&',
    ';',
    ':',
    ' ',
    '  ',
    '-',
    '.',
    '0',
    'a',
    ']',
    ']]',
    ']]>',
    '</',
    '/>',
    '<a/>',
    '<b>',
    '</b>',
    '</>',
  ],
  ...[
    '\r',
    '\n',
    '\t',
    '\r\n',
    '\0',
    '\x01',
    '\x0c',
    '\x1f',
    '\x7f',
    '\x80',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\ufffe',
    '\uffff',
  ],
  ...[
    'é',
    '😀',
    '\u{10ffff}',
    '\u{1fffe}',
    '&amp;',
    '&lt;',
    '&gt;',
    '&quot;',
    '&apos;',
    '&#65;',
    '&#x41;',
    '&#X41;',
    '&#0;',
    '&#xFFFE;',
  ],
  ...[
    '&LT;',
    '&__proto__;',
    '&nbsp;',
    '&#;',
    '&;',
    '&#13;',
    '&#xD800;',
    '&#1114112;',
    '&#00065;',
    '& ',
    '<![CDATA[',
    '<![CDATA[x]]>',
  ],
  ...[
    '<!--x-->',
    '<?x y?>',
    "<?xml version='1.0'?>",
    '<!DOCTYPE a>',
    '<!DOCTYPE a [<!ENTITY b "c">]>',
    '<!x>',
    '<![x',
    '< a/>',
    '</ a>',
  ],
  ...[
    " xmlns='jabber:client'",
    " xmlns='jabber:server'",
    " xmlns=''",
    " xmlns='jabber:client '",
    " xmlns=' urn:x'",
    " xmlns='jabber:&#99;lient'",
  ],
  ...[
    " xmlns='jabber:component:accept'",
    ' xmlns="urn:x"',
    " xmlns='urn:&amp;x'",
    " xmlns='urn:é'",
    " xmlns='urn:x' xmlns='urn:x'",
  ],
  ...[
    " xmlns='http://etherx.jabber.org/streams'",
    " xmlns='http://www.w3.org/XML/1998/namespace'",
    " xmlns='http://www.w3.org/2000/xmlns/'",
  ],
  ...[
    " xmlns:a='urn:a'",
    " xmlns:a=''",
    " xmlns:b='urn:a'",
    ' a:',
    " a:id='1'",
    " b:id='1'",
    '<a:x/>',
    " xmlns:xml='urn:x'",
    " xmlns:xmlns='u'",
  ],
  ...[
    " xmlns:c='jabber:client'",
    '<c:body>',
    '</c:body>',
    '<stream:x/>',
    '<db:x/>',
    "<x xmlns='urn:x'>",
    '</x>',
    '<xml:x/>',
    " xml:lang='de'",
  ],
  ...[
    " xmlns:stream='urn:x'",
    " xml:space='p'",
    " hasOwnProperty='1'",
    " __proto__='2'",
    " constructor='3'",
    " id='4'",
    ' b',
    " c = 'd'",
  ],
  ...[
    "<__proto__ xmlns='__proto__'/>",
    '<hasOwnProperty/>',
    "<message xmlns='jabber:client'/>",
    "<body xmlns='jabber:client'>",
    '</body>',
    '</message>',
  ],
  ...[
    "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></forwarded>",
    '</stream:stream>',
    '</stream:stream >',
  ],
].map(token => encoder.encode(token))

// What UTF-8 forbids: overlong forms, surrogates, beyond U+10FFFF, bytes alone.
const BYTES = [
  [0xc0, 0x80],
  [0xe0, 0x80, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80],
  [0xff],
  [0xc3],
  [0xe2, 0x82],
  [0xf0, 0x9f],
]
for (const bytes of BYTES) TOKENS.push(Uint8Array.from(bytes))

/** One mutant; about one in thirty is left as it was. */
export function mutant(random: Random): Uint8Array {
  let bytes: Uint8Array = seeds[random(seeds.length)]!
  const edits = random(8) === 0 ? random(8) : random(4)
  for (let i = 0; i < edits; i++) bytes = edit(bytes, random)
  return bytes
}

function edit(bytes: Uint8Array, random: Random): Uint8Array {
  const at = place(bytes, random)
  switch (random(9)) {
    case 0:
      return splice(bytes, at, at + 1 + random(4), [])
    case 1:
      return splice(bytes, at, at + random(40), [])
    case 2:
      return splice(bytes, at, at, bytes.subarray(place(bytes, random)).subarray(0, random(40)))
    case 3: {
      const other = seeds[random(seeds.length)]!
      return splice(bytes, at, at, other.subarray(place(other, random)).subarray(0, random(60)))
    }
    case 4:
      return splice(bytes, at, at + 1, [random(256)])
    case 5:
      return splice(bytes, at, bytes.length, seeds[random(seeds.length)]!)
    default:
      return splice(bytes, at, at, TOKENS[random(TOKENS.length)]!)
  }
}

/** Somewhere; often beside markup, where it matters. */
function place(bytes: Uint8Array, random: Random): number {
  let at = random(bytes.length + 1)
  if (random(2) === 0) while (at < bytes.length && !MARKUP.has(bytes[at]!)) at++
  return Math.min(bytes.length, at + random(2))
}

const MARKUP = new Set(encoder.encode('<>/\'"= '))

function splice(bytes: Uint8Array, from: number, to: number, insert: ArrayLike<number>): Uint8Array {
  const tail = bytes.subarray(Math.min(to, bytes.length))
  const result = new Uint8Array(from + insert.length + tail.length)
  result.set(bytes.subarray(0, from))
  result.set(insert, from)
  result.set(tail, from + insert.length)
  return result
}
