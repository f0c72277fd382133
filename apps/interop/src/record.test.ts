import { expect, test } from 'vitest'
import { redact, streamsOf } from './record.ts'

test.each([
  ['PLAIN', `<auth mechanism='PLAIN'>AHJvbWVvAHNlY3JldA==</auth>`, `<auth mechanism='PLAIN'>UkVEQUNURUQ=</auth>`],
  ['a SCRAM proof', '<response xmlns="x">Yz1iaXdz</response>', '<response xmlns="x">UkVEQUNURUQ=</response>'],
  ['SASL2', '<initial-response>Yz1i</initial-response>', '<initial-response>UkVEQUNURUQ=</initial-response>'],
  ['a prefixed element', '<s:auth>Yz1i</s:auth>', '<s:auth>UkVEQUNURUQ=</s:auth>'],
  ['an empty response', '<response/>', '<response/>'],
  ['chat about it', '<body>auth response</body>', '<body>auth response</body>'],
  ['other elements that begin alike', '<authority>x</authority>', '<authority>x</authority>'],
])('what proves an identity is left out, and nothing else: %s', (_, sent, kept) => {
  expect(redact(sent)).toBe(kept)
})

test.each([
  ['one stream', ['<stream:stream a="1"><iq/>']],
  [
    'a restart after SASL',
    [`<?xml version='1.0'?>\n<stream:stream><auth/>`, `<?xml version='1.0'?>\n<stream:stream><iq/>`],
  ],
  ['a restart without declarations', ['<stream:stream><auth/>', '<stream:stream><iq/>']],
])('a connection falls into its streams: %s (RFC 6120 §4.3.3)', (_, streams) => {
  expect(streamsOf(streams.join(''))).toEqual(streams)
})
