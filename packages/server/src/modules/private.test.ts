import { memoryStorage, MemoryDisk } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'
import { defineModule, removeAccount } from '../index.ts'
import { standardModules } from './index.ts'
import { privateChanged } from './private.ts'

const set = (id: string, inner: string, to = ''): string =>
  `<iq type='set' id='${id}' ${to}><query xmlns='jabber:iq:private'>${inner}</query></iq>`
const get = (id: string, inner: string, to = ''): string =>
  `<iq type='get' id='${id}' ${to}><query xmlns='jabber:iq:private'>${inner}</query></iq>`
const refused = (id: string, condition: string): string =>
  `<iq type='error' id='${id}'><error><${condition}/></error></iq>`
const result = (id: string, inner: string): string =>
  `<iq type='result' id='${id}'><query xmlns='jabber:iq:private'>${inner}</query></iq>`

test('what was stored comes back, after a restart too, for its name and namespace alone (XEP-0049 §2)', async () => {
  const disk = new MemoryDisk()
  {
    const storage = memoryStorage({ disk })
    const fixture = await startFixture({ storage })
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(
      set('p1', "<prefs xmlns='x:a' v='1'>&lt;&amp;<deep xmlns='x:b'/></prefs>"),
      "<iq type='result' id='p1'>{no child}</iq>",
    )
    await fixture.server.stop()
    await storage.close()
  }
  await using fixture = await startFixture({ storage: memoryStorage({ disk }) })
  const romeo = await fixture.login('romeo@a.test/garden')
  await romeo.asks(
    get('p2', "<prefs xmlns='x:a'/>", "to='romeo@a.test'"),
    result('p2', "<prefs xmlns='x:a' v='1'>&lt;&amp;<deep xmlns='x:b'/></prefs>"),
  )
  await romeo.asks(get('p3', "<prefs xmlns='x:other'/>"), result('p3', "<prefs xmlns='x:other'>{no child}</prefs>"))
  const juliet = await fixture.login('juliet@a.test/balcony')
  await juliet.asks(get('p4', "<prefs xmlns='x:a'/>"), result('p4', "<prefs xmlns='x:a'>{no child}</prefs>"))
})

test('several elements of a namespace are one thing, and an empty one forgets it (§2.3)', async () => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(
    set('p1', "<n xmlns='x:a'>1</n><n xmlns='x:a'>2</n><m xmlns='x:a'>3</m>"),
    "<iq type='result' id='p1'/>",
  )
  await romeo.asks(get('p2', "<n xmlns='x:a'/>"), result('p2', "<n xmlns='x:a'>1</n><n xmlns='x:a'>2</n>"))
  await romeo.asks(set('p3', "<n xmlns='x:a'/>"), "<iq type='result' id='p3'/>")
  await romeo.asks(get('p4', "<n xmlns='x:a'/>"), result('p4', "<n xmlns='x:a'>{no child}</n>"))
  expect(await fixture.server.storage.table('private').list('a.test', 'romeo')).toHaveLength(1)
})

test.each([
  ['nothing to store', set('p1', ''), 'not-acceptable'],
  ['nothing asked for', get('p1', ''), 'bad-request'],
  ['two things asked for', get('p1', "<a xmlns='x:a'/><b xmlns='x:b'/>"), 'bad-request'],
  ['no namespace of its own', set('p1', '<a>1</a>'), 'not-acceptable'],
  ['a namespace without end', set('p1', `<a xmlns='${'x'.repeat(2000)}'>1</a>`), 'not-acceptable'],
  ['data of somebody else, to read', get('p1', "<a xmlns='x:a'/>", "to='juliet@a.test'"), 'service-unavailable'],
  ['data of somebody else, to write', set('p1', "<a xmlns='x:a'>1</a>", "to='juliet@a.test'"), 'service-unavailable'],
  ['data of nobody', get('p1', "<a xmlns='x:a'/>", "to='nobody@a.test'"), 'service-unavailable'],
  ['data of the host', set('p1', "<a xmlns='x:a'>1</a>", "to='a.test'"), 'service-unavailable'],
])('refused: %s (§2.3, §3)', async (_, request, condition) => {
  await using fixture = await startFixture()
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(request, refused('p1', condition))
})

test('an account keeps as much as it may, and what it has stays', async () => {
  await using fixture = await startFixture({ moduleOptions: { private: { max_entries: 2, max_characters: 100 } } })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(set('p1', "<a xmlns='x:a'>1</a><b xmlns='x:a'>1</b>"), "<iq type='result' id='p1'/>")
  await romeo.asks(set('p2', "<c xmlns='x:a'>1</c>"), refused('p2', 'resource-constraint'))
  await romeo.asks(set('p3', `<a xmlns='x:a'>${'1'.repeat(100)}</a>`), refused('p3', 'resource-constraint'))
  await romeo.asks(set('p4', "<a xmlns='x:a'>2</a>"), "<iq type='result' id='p4'/>")
  await romeo.asks(get('p5', "<b xmlns='x:a'/>"), result('p5', "<b xmlns='x:a'>1</b>"))
  await romeo.asks(set('p6', "<a xmlns='x:a'/><c xmlns='x:a'>1</c>"), "<iq type='result' id='p6'/>")
})

test('nothing is kept that could not be stored, and nothing of an account that is gone', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage })
  const romeo = await fixture.login('romeo@a.test/orchard')
  storage.failCommits('full')
  await romeo.asks(set('p1', "<a xmlns='x:a'>1</a>"), refused('p1', 'resource-constraint'))
  storage.failCommits(undefined)
  await romeo.asks(get('p2', "<a xmlns='x:a'/>"), result('p2', "<a xmlns='x:a'>{no child}</a>"))
  await romeo.asks(set('p3', "<a xmlns='x:a'>1</a>"), "<iq type='result' id='p3'/>")
  await removeAccount(fixture.server.hosts.get('a.test')!, 'romeo')
  expect(await storage.table('private').list('a.test', 'romeo')).toEqual([])
})

test('modules hear what a client stored, in its turn', async () => {
  const told: string[] = []
  const listener = defineModule({
    name: 'listener',
    setup(host) {
      host.on(privateChanged, 'run', ({ account, name, ns, elements }) => {
        told.push(`${account.jid.text} {${ns}}${name} ${elements.length}`)
      })
    },
  })
  await using fixture = await startFixture({ modules: [...standardModules, listener] })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(set('p1', "<a xmlns='x:a'>1</a><a xmlns='x:a'/>"), "<iq type='result' id='p1'/>")
  await romeo.asks(set('p2', "<a xmlns='x:a'/>"), "<iq type='result' id='p2'/>")
  expect(told).toEqual(['romeo@a.test {x:a}a 2', 'romeo@a.test {x:a}a 0'])
})
