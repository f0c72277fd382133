import { MemoryDisk, memoryStorage } from '@tercet/storage/memory'
import { expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'
import { defineModule, removeAccount } from '../index.ts'
import { standardModules } from './index.ts'
import { vCardChanged } from './vcard.ts'

const CARD =
  "<vCard xmlns='vcard-temp'><FN>Romeo</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>aGk=</BINVAL></PHOTO></vCard>"
const EMPTY = "<vCard xmlns='vcard-temp'/>"
const set = (id: string, card: string, to = ''): string => `<iq type='set' id='${id}' ${to}>${card}</iq>`
const get = (id: string, to = ''): string => `<iq type='get' id='${id}' ${to}>${EMPTY}</iq>`
const refused = (id: string, condition: string): string =>
  `<iq type='error' id='${id}'><error><${condition}/></error></iq>`

test('a card is read by its owner and by strangers, here and elsewhere, after a restart too (XEP-0054 §3)', async () => {
  const disk = new MemoryDisk()
  {
    const storage = memoryStorage({ disk })
    const fixture = await startFixture({ storage })
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(set('v1', CARD), "<iq type='result' id='v1'>{no child}</iq>")
    await romeo.asks(get('v2'), `<iq type='result' id='v2'>${CARD}</iq>`)
    await fixture.server.stop()
    await storage.close()
  }
  await using fixture = await startFixture({ storage: memoryStorage({ disk }) })
  const juliet = await fixture.login('juliet@a.test/balcony')
  await juliet.asks(get('v3', "to='romeo@a.test'"), `<iq type='result' id='v3' from='romeo@a.test'>${CARD}</iq>`)
  fixture.afar.sends(get('v4', "from='nurse@b.test/x' to='romeo@a.test'"))
  await fixture.quiet()
  fixture.afar.receives(`<iq type='result' id='v4' from='romeo@a.test' to='nurse@b.test/x'>${CARD}</iq>`)
})

test('whoever has no card looks like nobody; its owner is told (§3.1, §3.3)', async () => {
  await using fixture = await startFixture()
  const juliet = await fixture.login('juliet@a.test/balcony')
  const answers = []
  for (const name of ['romeo', 'nobody'])
    for (const request of [get('v1', `to='${name}@a.test'`), set('v1', CARD, `to='${name}@a.test'`)])
      answers.push(
        JSON.stringify(await juliet.asks(request, refused('v1', 'service-unavailable'))).replaceAll(name, 'X'),
      )
  expect(answers[0]).toBe(answers[2])
  expect(answers[1]).toBe(answers[3])
  await juliet.asks(get('v2'), refused('v2', 'item-not-found'))
})

test('an empty card is none, one that is too big is refused, one that was not stored is not there', async () => {
  const storage = memoryStorage()
  await using fixture = await startFixture({ storage, moduleOptions: { vcard: { max_characters: 200 } } })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(set('v1', CARD), "<iq type='result' id='v1'/>")
  await romeo.asks(
    set('v2', `<vCard xmlns='vcard-temp'><FN>${'x'.repeat(200)}</FN></vCard>`),
    refused('v2', 'not-acceptable'),
  )
  storage.failCommits('full')
  await romeo.asks(set('v3', EMPTY), refused('v3', 'resource-constraint'))
  storage.failCommits(undefined)
  await romeo.asks(get('v4'), `<iq type='result' id='v4'>${CARD}</iq>`)
  await romeo.asks(set('v5', EMPTY), "<iq type='result' id='v5'/>")
  await romeo.asks(get('v6'), refused('v6', 'item-not-found'))
})

test('modules hear of a new card; nothing stays of an account that is gone', async () => {
  const told: unknown[] = []
  const listener = defineModule({
    name: 'listener',
    setup(host) {
      host.on(vCardChanged, 'run', ({ account, vCard }) => {
        told.push([account.jid.text, vCard?.child('FN')?.text()])
      })
    },
  })
  await using fixture = await startFixture({ modules: [...standardModules, listener] })
  const romeo = await fixture.login('romeo@a.test/orchard')
  await romeo.asks(set('v1', CARD), "<iq type='result' id='v1'/>")
  await romeo.asks(set('v2', EMPTY), "<iq type='result' id='v2'/>")
  expect(told).toEqual([
    ['romeo@a.test', 'Romeo'],
    ['romeo@a.test', undefined],
  ])
  await romeo.asks(set('v3', CARD), "<iq type='result' id='v3'/>")
  await removeAccount(fixture.server.hosts.get('a.test')!, 'romeo')
  expect(await fixture.server.storage.table('vcard').list('a.test', 'romeo')).toEqual([])
})
