import { describe, expect, test } from 'vitest'
import { startFixture } from '../fixture.ts'
import { defineModule } from '../module.ts'
import { discovery } from './disco.ts'
import { standardModules } from './index.ts'

const INFO = "xmlns='http://jabber.org/protocol/disco#info'"
const ITEMS = "xmlns='http://jabber.org/protocol/disco#items'"

/** A module that has something to tell. */
const library = defineModule({
  name: 'library',
  features: ['urn:example:library'],
  needs: [discovery],
  setup(host, disco) {
    disco.identity({ category: 'pubsub', type: 'service' })
    disco.identity({ category: 'pubsub', type: 'pep' }, 'account')
    disco.items(() => [{ jid: host.jid, node: 'shelf', name: 'Shelf' }])
    disco.items(({ account }) => [{ jid: account!.jid, node: 'diary' }], 'account')
    const shelf = { identities: [{ category: 'pubsub', type: 'leaf' }], features: [], forms: [] }
    disco.nodes({
      info: node => (node === 'shelf' ? shelf : undefined),
      items: node => (node === 'shelf' ? [{ jid: host.jid, name: 'Book' }] : undefined),
    })
  },
})

const withLibrary = { modules: [...standardModules, library] }

describe('the host', () => {
  test('has an identity and the features that its modules handle (XEP-0030 §3.1)', async () => {
    await using fixture = await startFixture(withLibrary)
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(
      `<iq type='get' id='d1' to='a.test'><query ${INFO}/></iq>`,
      `<iq type='result' id='d1' from='a.test'><query ${INFO} node='{absent}'>
        <identity category='server' type='im'/><identity category='pubsub' type='service'/>
        <feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>
        <feature var='urn:xmpp:ping'/><feature var='jabber:iq:version'/><feature var='urn:xmpp:time'/><feature var='jabber:iq:last'/>
        <feature var='jabber:iq:register'/><feature var='http://jabber.org/protocol/caps'/><feature var='urn:example:library'/>
      </query></iq>`,
    )
  })

  test('has the items that its modules know of (§4)', async () => {
    await using fixture = await startFixture(withLibrary)
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(
      `<iq type='get' id='d1' to='a.test'><query ${ITEMS}/></iq>`,
      `<iq type='result' id='d1'><query ${ITEMS}><item jid='a.test' node='shelf' name='Shelf'/></query></iq>`,
    )
  })

  test('answers about a node and says about which (§3.2)', async () => {
    await using fixture = await startFixture(withLibrary)
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(
      `<iq type='get' id='d1' to='a.test'><query ${INFO} node='shelf'/></iq>`,
      `<iq type='result' id='d1'><query ${INFO} node='shelf'><identity category='pubsub' type='leaf'/></query></iq>`,
    )
    await romeo.asks(
      `<iq type='get' id='d2' to='a.test'><query ${ITEMS} node='shelf'/></iq>`,
      `<iq type='result' id='d2'><query ${ITEMS} node='shelf'><item jid='a.test' name='Book'/></query></iq>`,
    )
  })

  test.each([
    ['information', INFO],
    ['items', ITEMS],
  ])('has no %s about a node that does not exist (§7)', async (_, ns) => {
    await using fixture = await startFixture(withLibrary)
    const romeo = await fixture.login('romeo@a.test/orchard')
    for (const node of ['cellar', '', '__proto__'])
      await romeo.asks(
        `<iq type='get' id='d-${node}' to='a.test'><query ${ns} node='${node}'/></iq>`,
        `<iq type='error' id='d-${node}'><error type='cancel'><item-not-found/></error></iq>`,
      )
  })

  test('cannot be set, and is not asked at a resource of its own', async () => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/orchard')
    for (const [id, type, to] of [
      ['d1', 'set', 'a.test'],
      ['d2', 'get', 'a.test/x'],
    ])
      await romeo.asks(
        `<iq type='${type}' id='${id}' to='${to}'><query ${INFO}/></iq>`,
        `<iq type='error' id='${id}'><error type='cancel'><service-unavailable/></error></iq>`,
      )
  })
})

describe('an account', () => {
  const account = `<query ${INFO}><identity category='account' type='registered'/><identity category='pubsub' type='pep'/>
    <feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/></query>`

  test.each([
    ['without an address', ''],
    ['at its own address', "to='romeo@a.test'"],
  ])('answers its owner, %s', async (_, to) => {
    await using fixture = await startFixture(withLibrary)
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(`<iq type='get' id='d1' ${to}><query ${INFO}/></iq>`, `<iq type='result' id='d1'>${account}</iq>`)
    await romeo.asks(
      `<iq type='get' id='d2' ${to}><query ${ITEMS}/></iq>`,
      `<iq type='result' id='d2'><query ${ITEMS}><item jid='romeo@a.test' node='diary'/></query></iq>`,
    )
    await romeo.asks(
      `<iq type='get' id='d3' ${to}><query ${INFO} node='nothing'/></iq>`,
      "<iq type='error' id='d3'><error type='cancel'><item-not-found/></error></iq>",
    )
  })

  test.each(['from', 'both'] as const)('is answered by the server for who is subscribed: %s (§8)', async state => {
    await using fixture = await startFixture(withLibrary)
    await fixture.rosterItem('romeo@a.test', 'juliet@a.test', state)
    const romeo = await fixture.available('romeo@a.test/orchard')
    const juliet = await fixture.login('juliet@a.test/balcony')
    await juliet.asks(
      `<iq type='get' id='d1' to='romeo@a.test'><query ${INFO}/></iq>`,
      `<iq type='result' id='d1' from='romeo@a.test'>${account}</iq>`,
    )
    await romeo.receivesNothing()
  })

  test.each(['none', 'to', 'none+in', 'to+in'] as const)(
    'gives a stranger what an account gives that does not exist: %s (§8)',
    async state => {
      await using fixture = await startFixture(withLibrary)
      await fixture.rosterItem('romeo@a.test', 'juliet@a.test', state)
      const juliet = await fixture.login('juliet@a.test/balcony')
      for (const ns of [INFO, ITEMS])
        for (const node of ['', "node='diary'"])
          for (const to of ['romeo@a.test', 'nobody@a.test'])
            await juliet.asks(
              `<iq type='get' id='d1' to='${to}'><query ${ns} ${node}/></iq>`,
              `<iq type='error' id='d1' from='${to}'><error type='cancel'><service-unavailable/></error></iq>`,
            )
    },
  )

  test('answers a subscriber of another domain, and no other', async () => {
    await using fixture = await startFixture(withLibrary)
    await fixture.rosterItem('romeo@a.test', 'nurse@b.test', 'from')
    fixture.afar.sends(`<iq type='get' id='d1' from='nurse@b.test/x' to='romeo@a.test'><query ${INFO}/></iq>`)
    fixture.afar.sends(`<iq type='get' id='d2' from='cook@b.test/x' to='romeo@a.test'><query ${INFO}/></iq>`)
    await (await fixture.login('romeo@a.test')).barrier()
    fixture.afar.receives(`<iq type='result' id='d1' to='nurse@b.test/x'>${account}</iq>`)
    fixture.afar.receives("<iq type='error' id='d2'><error type='cancel'><service-unavailable/></error></iq>")
    expect(fixture.afar.unread).toEqual([])
  })
})
