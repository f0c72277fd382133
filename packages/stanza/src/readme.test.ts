import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the example of the README is the one that runs, and it does what it says', async () => {
  expect(/```ts\n([^]*?)```/.exec(read('../README.md'))?.[1]).toBe(read('../examples/readme.ts'))
  const lines: string[] = []
  vi.spyOn(console, 'log').mockImplementation((...parts: unknown[]) => void lines.push(parts.join(' ')))
  await import('../examples/readme.ts')
  expect(lines).toEqual([
    "<forecast xmlns='urn:example:weather' city='Verona'><sky>clear</sky></forecast>",
    'message Hist! false',
    "<message to='juliet@capulet.lit' from='romeo@montague.lit/orchard' id='m1' type='chat'><body>Hist!</body><delay xmlns='urn:xmpp:delay' stamp='2026-11-20T09:00:00Z'/></message>",
    "<message to='romeo@montague.lit/orchard' from='juliet@capulet.lit' id='m1' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>Juliet is away</text></error></message>",
    "<message to='juliet@capulet.lit' type='chat'><body>Good night</body></message>",
  ])
})
