import { elementsOf } from '@tercet/testkit'
import { makeForm, valueOf } from '@tercet/stanza/data-form'
import { describe, expect, test } from 'vitest'
import { startFixture, type Client, type Fixture } from '../fixture.ts'
import { defineModule } from '../index.ts'
import { badPayload, commands } from './commands.ts'
import { standardModules } from './index.ts'

const NS = "xmlns='http://jabber.org/protocol/commands'"

const examples = defineModule({
  name: 'examples',
  needs: [commands],
  setup(_host, all) {
    all.add({
      node: 'say',
      name: 'Say something',
      allows: ({ session }) => session !== undefined,
      run: (_, { from }) => ({ notes: [{ type: 'info', text: `Hello ${from.local}` }] }),
    })
    all.add({
      node: 'count',
      name: 'Count',
      allows: ({ isAdmin }) => isAdmin,
      form: () => makeForm('form', undefined, { number: '' }),
      run(form) {
        const number = Number(form && valueOf(form, 'number'))
        if (!Number.isInteger(number)) throw badPayload('A number')
        return { form: makeForm('result', undefined, { number: String(number + 1) }) }
      },
    })
  },
})

const start = (): Promise<Fixture> =>
  startFixture({
    modules: [...standardModules, examples],
    moduleOptions: { commands: { admins: ['juliet@a.test'] } },
  })

let last = 0
const run = (client: Client, attributes: string, answer: string, form = '') => {
  const id = `c-${++last}`
  return client.asks(
    `<iq type='set' id='${id}' to='a.test'><command ${NS} ${attributes}>${form}</command></iq>`,
    answer.replace('<iq ', `<iq id='${id}' `),
  )
}
const error = (condition: string, specific = ''): string =>
  `<iq type='error'><error><${condition}/>${specific === '' ? '' : `<${specific} ${NS}/>`}</error></iq>`
const submit = (number: string): string =>
  `<x xmlns='jabber:x:data' type='submit'><field var='number'><value>${number}</value></field></x>`
const EXECUTING = `<iq type='result'><command ${NS} node='count' sessionid='{sid=any}' status='executing'><actions execute='complete'><complete/></actions><x xmlns='jabber:x:data' type='form'/></command></iq>`

/** Begins `count` and gives its session id. */
async function begin(client: Client): Promise<string> {
  await run(client, "node='count' action='execute'", EXECUTING)
  return client.captures.get('sid')!
}

describe('running a command (XEP-0050 §2.4)', () => {
  test('at once', async () => {
    await using fixture = await start()
    const romeo = await fixture.login('romeo@a.test')
    await run(
      romeo,
      "node='say'",
      `<iq type='result'><command ${NS} node='say' status='completed'><note type='{absent or info}'>Hello romeo</note></command></iq>`,
    )
  })

  test('after a form', async () => {
    await using fixture = await start()
    const juliet = await fixture.login('juliet@a.test')
    const sid = await begin(juliet)
    await run(
      juliet,
      `node='count' sessionid='${sid}'`,
      `<iq type='result'><command ${NS} node='count' sessionid='${sid}' status='completed'><x xmlns='jabber:x:data' type='result'><field var='number'><value>42</value></field></x></command></iq>`,
      submit('41'),
    )
    await run(juliet, `node='count' sessionid='${sid}'`, error('not-allowed', 'session-expired'), submit('41'))
  })

  test('at once, when the form comes filled in with the first request', async () => {
    await using fixture = await start()
    const juliet = await fixture.login('juliet@a.test')
    await run(
      juliet,
      "node='count' action='execute'",
      `<iq type='result'><command ${NS} node='count' status='completed'><x xmlns='jabber:x:data' type='result'><field var='number'><value>42</value></field></x></command></iq>`,
      submit('41'),
    )
    await run(juliet, "node='count' action='execute'", error('bad-request', 'bad-payload'), submit('x'))
    await run(juliet, "node='count' action='cancel'", error('bad-request', 'bad-action'), submit('41'))
    // Somebody else may not do it in one step either.
    const romeo = await fixture.login('romeo@a.test')
    await run(romeo, "node='count'", error('forbidden'), submit('41'))
  })

  test('a form that does not fit may be sent again, and a command canceled', async () => {
    await using fixture = await start()
    const juliet = await fixture.login('juliet@a.test')
    const sid = await begin(juliet)
    await run(juliet, `node='count' sessionid='${sid}'`, error('bad-request', 'bad-payload'), submit('x'))
    await run(juliet, `node='count' sessionid='${sid}'`, error('bad-request', 'bad-payload'))
    await run(
      juliet,
      `node='count' sessionid='${sid}' action='cancel'`,
      `<iq type='result'><command ${NS} node='count' sessionid='${sid}' status='canceled'/></iq>`,
    )
    await run(juliet, `node='count' sessionid='${sid}'`, error('not-allowed', 'session-expired'), submit('1'))
  })

  test.each([
    ['an unknown command', "node='none'", error('item-not-found')],
    ['no command at all', '', error('bad-request')],
    ['an action that is none', "node='say' action='leap'", error('bad-request', 'malformed-action')],
    ['an action that is not possible', "node='say' action='prev'", error('bad-request', 'bad-action')],
    ['a session that is none', "node='say' sessionid='x'", error('bad-request', 'bad-sessionid')],
    ['a command of others', "node='count'", error('forbidden')],
  ])('refused: %s (§4.4)', async (_, attributes, answer) => {
    await using fixture = await start()
    await run(await fixture.login('romeo@a.test'), attributes, answer)
  })

  test('nobody goes on with what somebody else began, and nobody after long', async () => {
    await using fixture = await start()
    const juliet = await fixture.login('juliet@a.test/one')
    const other = await fixture.login('juliet@a.test/two')
    const sid = await begin(juliet)
    await run(other, `node='count' sessionid='${sid}'`, error('bad-request', 'bad-sessionid'), submit('1'))
    await run(juliet, `node='count' sessionid='${sid}' action='next'`, error('bad-request', 'bad-action'), submit('1'))
    const { wheel } = fixture.server
    wheel.tick(wheel.now + 1_000_000)
    await run(juliet, `node='count' sessionid='${sid}'`, error('not-allowed', 'session-expired'), submit('1'))
  })
})

test.each([
  ['juliet@a.test/x', true, true],
  ['romeo@a.test/x', true, false],
])('%s sees the commands that it may run (§2.2)', async (jid, say, count) => {
  await using fixture = await start()
  const client = await fixture.login(jid)
  const answer = await client.asks(
    "<iq type='get' id='d1' to='a.test'><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/></iq>",
    "<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'/></iq>",
  )
  const nodes = elementsOf(elementsOf(answer)[0]!).map(({ attributes }) => attributes['node'])
  expect([nodes.includes('say'), nodes.includes('count')]).toEqual([say, count])
  const info = (id: string, node: string, inner: string): Promise<unknown> =>
    client.asks(
      `<iq type='get' id='${id}' to='a.test'><query xmlns='http://jabber.org/protocol/disco#info' node='${node}'/></iq>`,
      inner,
    )
  const identity = "<identity category='automation' type='command-node' name='Count'/>"
  await info(
    'd2',
    'count',
    count
      ? `<iq type='result' id='d2'><query xmlns='http://jabber.org/protocol/disco#info' node='count'>${identity}</query></iq>`
      : "<iq type='error' id='d2'><error><item-not-found/></error></iq>",
  )
  await info('d3', 'http://jabber.org/protocol/commands', "<iq type='result' id='d3'/>")
})

test('who is elsewhere runs no command of an account here, whatever it says', async () => {
  await using fixture = await start()
  await fixture.login('juliet@a.test')
  fixture.afar.sends(`<iq type='set' id='c1' from='juliet@b.test/x' to='a.test'><command ${NS} node='say'/></iq>`)
  await fixture.quiet()
  fixture.afar.receives("<iq type='error' id='c1'><error><forbidden/></error></iq>")
})
