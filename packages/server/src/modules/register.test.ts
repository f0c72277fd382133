import { memoryStorage } from '@tercet/storage/memory'
import type { TlsInfo } from '@tercet/stream'
import { describe, expect, test } from 'vitest'
import { PASSWORD, startFixture, type Client, type Fixture } from '../fixture.ts'

const OPEN = { moduleOptions: { register: { open: true } } }

function request(id: string, fields: string, attributes = ''): string {
  return `<iq type='set' id='${id}' ${attributes}><query xmlns='jabber:iq:register'>${fields}</query></iq>`
}

function account(username: string, password: string): string {
  return `<username>${username}</username><password>${password}</password>`
}

function refused(id: string, condition: string): string {
  return `<iq type='error' id='${id}'><error><${condition}/></error></iq>`
}

async function stranger(fixture: Fixture, options: Parameters<Fixture['connect']>[0] = {}): Promise<Client> {
  const client = fixture.connect(options)
  await client.open('somebody@a.test')
  return client
}

describe('before authentication', () => {
  test('registration is advertised where it is open (XEP-0077 §8)', async () => {
    await using fixture = await startFixture(OPEN)
    const client = fixture.connect()
    await client.open('romeo@a.test')
    expect(client.features!.children.map(child => typeof child !== 'string' && child.ns)).toContain(
      'http://jabber.org/features/iq-register',
    )
    await client.authenticate('romeo@a.test')
    expect(JSON.stringify(client.features)).not.toContain('iq-register')
  })

  test('an account is made, and logs in (§3.1)', async () => {
    await using fixture = await startFixture(OPEN)
    const client = await stranger(fixture)
    await client.asks(
      "<iq type='get' id='r1' to='a.test'><query xmlns='jabber:iq:register'/></iq>",
      "<iq type='result' id='r1'><query xmlns='jabber:iq:register'><instructions>{any}</instructions><username/><password/>{no registered}</query></iq>",
    )
    await client.asks(
      request('r2', account('Mercutio', 'Queen Mab'), "to='a.test'"),
      "<iq type='result' id='r2'>{no query}</iq>",
    )
    await client.authenticate('mercutio@a.test', 'Queen Mab')
    await client.bind('mercutio@a.test/piazza')
    expect(client.jid).toBe('mercutio@a.test/piazza')
  })

  test('it is closed unless an operator opens it: neither advertised nor answered (REG-01)', async () => {
    await using fixture = await startFixture()
    const client = await stranger(fixture)
    expect(JSON.stringify(client.features)).not.toContain('iq-register')
    await client.asks(
      "<iq type='get' id='r1'><query xmlns='jabber:iq:register'/></iq>",
      refused('r1', 'service-unavailable'),
    )
    await client.asks(request('r2', account('mercutio', 'Mab')), refused('r2', 'service-unavailable'))
    expect(await fixture.server.hosts.get('a.test')!.accounts.exists('mercutio')).toBe(false)
  })

  test.each([
    ['no username', '<password>secret</password>'],
    ['an empty username', account('', 'secret')],
    ['no password', '<username>mercutio</username>'],
    ['an empty password', account('mercutio', '')],
    ['a password without text', '<username>mercutio</username><password/>'],
    ['a username with a character that no address may have', account('mercutio@a', 'secret')],
    ['a username with a space', account('the nurse', 'secret')],
    ['a username of spaces', account('  ', 'secret')],
    ['a username with an unassigned character', account('mer\u0378cutio', 'secret')],
    ['a username that is too long', account('m'.repeat(1024), 'secret')],
    ['a password with a control character', account('mercutio', 'sec&#x9;ret')],
    ['a password with an unassigned character', account('mercutio', 'sec\u0378ret')],
  ])('not acceptable is %s (§3.1)', async (_, fields) => {
    await using fixture = await startFixture(OPEN)
    const client = await stranger(fixture)
    await client.asks(request('r1', fields), refused('r1', 'not-acceptable'))
    const names: string[] = []
    for await (const name of fixture.server.hosts.get('a.test')!.accounts.list()) names.push(name)
    expect(names).toEqual(['juliet', 'romeo'])
  })

  test.each(['romeo', 'ROMEO', 'ｒomeo'])(
    'a name that is taken, however it is written, is a conflict: %s',
    async name => {
      await using fixture = await startFixture(OPEN)
      const client = await stranger(fixture)
      await client.asks(request('r1', account(name, 'other')), refused('r1', 'conflict'))
      await client.authenticate('romeo@a.test', PASSWORD)
    },
  )

  test('of two who want a name at once, one gets it', async () => {
    await using fixture = await startFixture(OPEN)
    const both = await Promise.all([stranger(fixture), stranger(fixture)])
    for (const client of both) client.send(request('r1', account('mercutio', 'Mab')))
    const answers = await Promise.all(both.map(client => client.next()))
    expect(answers.map(({ attributes }) => attributes['type']).sort()).toEqual(['error', 'result'])
  })

  test('a stream makes one account (§3.1.1)', async () => {
    await using fixture = await startFixture(OPEN)
    const client = await stranger(fixture)
    await client.asks(request('r1', account('mercutio', 'Mab')), "<iq type='result' id='r1'/>")
    await client.asks(request('r2', account('tybalt', 'Cats')), refused('r2', 'not-acceptable'))
  })

  test('nobody is removed, and another address is not ours', async () => {
    await using fixture = await startFixture(OPEN)
    const client = await stranger(fixture)
    await client.asks(request('r1', '<remove/>'), refused('r1', 'unexpected-request'))
    await client.asks(request('r2', account('mercutio', 'Mab'), "to='b.test'"), refused('r2', 'service-unavailable'))
    await client.asks(
      request('r3', account('mercutio', 'Mab'), "to='romeo@a.test'"),
      refused('r3', 'service-unavailable'),
    )
  })

  test.each([
    ['no id', "<iq type='set'><query xmlns='jabber:iq:register'/></iq>"],
    ['no type', "<iq id='r1'><query xmlns='jabber:iq:register'/></iq>"],
    ['two payloads', "<iq type='set' id='r1'><query xmlns='jabber:iq:register'/><x xmlns='y'/></iq>"],
    [
      'a form without a type',
      "<iq type='set' id='r1'><query xmlns='jabber:iq:register'><x xmlns='jabber:x:data'/></query></iq>",
    ],
  ])('a malformed request is refused, and the stream goes on: %s', async (_, text) => {
    await using fixture = await startFixture(OPEN)
    const client = await stranger(fixture)
    client.send(text)
    await client.receives("<iq type='error'><error><bad-request/></error></iq>")
    await client.asks(request('r2', account('mercutio', 'Mab')), "<iq type='result' id='r2'/>")
  })

  test('a stream that is refused again and again ends', async () => {
    await using fixture = await startFixture(OPEN)
    const client = await stranger(fixture)
    for (let count = 0; count < 10; count++) client.send(request('r1', account('romeo', 'Mab')))
    for (let count = 0; count < 10; count++) await client.receives(refused('r1', 'conflict'))
    await client.receives('<stream:error><policy-violation/></stream:error>')
    await client.receivesClose()
  })

  test('an address makes as many accounts in an hour as are allowed, and others go on', async () => {
    await using fixture = await startFixture({ moduleOptions: { register: { open: true, per_hour: 2 } } })
    const from = async (address: string, name: string, answer: string): Promise<void> => {
      const client = await stranger(fixture, { address })
      await client.asks(request('r1', account(name, 'secret')), answer)
    }
    const made = "<iq type='result' id='r1'/>"
    await from('192.0.2.1', 'one', made)
    // What does not become an account does not count.
    await from('192.0.2.1', 'one', refused('r1', 'conflict'))
    await from('192.0.2.1', 'two', made)
    await from('192.0.2.1', 'three', "<iq type='error' id='r1'><error type='wait'><not-acceptable/></error></iq>")
    await from('192.0.2.2', 'three', made)
    const { wheel } = fixture.server
    wheel.tick(wheel.now + 3_601_000)
    await from('192.0.2.1', 'four', made)
  })

  test('where TLS is required, nothing is offered or taken in clear', async () => {
    await using fixture = await startFixture({ ...OPEN, requireTls: true })
    const clear = await stranger(fixture)
    expect(JSON.stringify(clear.features)).not.toContain('iq-register')
    clear.send(request('r1', account('mercutio', 'Mab')))
    await clear.receives('<stream:error>{any}</stream:error>')
    await clear.receivesClose()
    const secure = await stranger(fixture, { tls })
    expect(JSON.stringify(secure.features)).toContain('iq-register')
    await secure.asks(request('r1', account('mercutio', 'Mab')), "<iq type='result' id='r1'/>")
  })

  test('an account is said to be made when it is on disk, and not if it cannot be', async () => {
    const storage = memoryStorage()
    await using fixture = await startFixture({ ...OPEN, storage })
    const client = await stranger(fixture)
    storage.failCommits('full')
    await client.asks(request('r1', account('mercutio', 'Mab')), refused('r1', 'resource-constraint'))
    storage.failCommits(undefined)
    storage.hold()
    client.send(request('r2', account('mercutio', 'Mab')))
    const romeo = await fixture.login('romeo@a.test')
    await romeo.barrier()
    expect(client.unread).toEqual([])
    storage.release()
    await client.receives("<iq type='result' id='r2'/>")
  })
})

describe('the own account', () => {
  test.each([
    ['without an address', ''],
    ['at the host', "to='a.test'"],
    ['at its own address', "to='romeo@a.test'"],
  ])('tells what is on file, %s (§3.1)', async (_, to) => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(
      `<iq type='get' id='r1' ${to}><query xmlns='jabber:iq:register'/></iq>`,
      "<iq type='result' id='r1'><query xmlns='jabber:iq:register'><registered/><username>romeo</username></query></iq>",
    )
  })

  test.each([
    ['without an address', ''],
    ['at the host', "to='a.test'"],
  ])('changes its password, %s (§3.3)', async (_, to) => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/orchard')
    await romeo.asks(request('r1', account('Romeo', 'a new name'), to), "<iq type='result' id='r1'/>")
    await expect(fixture.login('romeo@a.test/piazza')).rejects.toThrow('not-authorized')
    await fixture.login('romeo@a.test/piazza', 'a new name')
  })

  test.each([
    ['an empty password', account('romeo', ''), 'not-acceptable'],
    ['a password without text', '<username>romeo</username><password/>', 'not-acceptable'],
    ['a password with a control character', account('romeo', 'a&#x9;b'), 'not-acceptable'],
    ['no password', '<username>romeo</username>', 'bad-request'],
    ['no username', '<password>new</password>', 'bad-request'],
    ['nothing', '', 'bad-request'],
    ['the name of another', account('juliet', 'new'), 'forbidden'],
    ['a name that is none', account('r o', 'new'), 'forbidden'],
    ['a removal and more', `<remove/>${account('romeo', 'new')}`, 'bad-request'],
  ])('keeps its password: %s (§3.3, REG-01)', async (_, fields, condition) => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/orchard')
    for (const to of ['', "to='a.test'"]) await romeo.asks(request('r1', fields, to), refused('r1', condition))
    await fixture.login('romeo@a.test/piazza')
    await fixture.login('juliet@a.test/balcony')
  })

  test('is not changed by anybody else', async () => {
    await using fixture = await startFixture({ ...OPEN, domains: ['a.test', 'c.test'] })
    await fixture.befriend('romeo@a.test', 'juliet@a.test')
    const juliet = await fixture.login('juliet@a.test/balcony')
    for (const [id, to] of [
      ['r1', 'romeo@a.test'],
      ['r2', 'nobody@a.test'],
      ['r3', 'c.test'],
    ] as const) {
      await juliet.asks(request(id, account('romeo', 'mine'), `to='${to}'`), refused(id, 'service-unavailable'))
      await juliet.asks(request(id, '<remove/>', `to='${to}'`), refused(id, 'service-unavailable'))
    }
    fixture.afar.sends(request('r4', '<remove/>', "to='a.test' from='romeo@b.test/x'"))
    await fixture.quiet()
    fixture.afar.receives(refused('r4', 'service-unavailable'))
    await fixture.login('romeo@a.test/orchard')
  })

  test('keeps its password and itself if the change cannot be stored', async () => {
    const storage = memoryStorage()
    await using fixture = await startFixture({ storage })
    await fixture.befriend('romeo@a.test', 'juliet@a.test')
    const romeo = await fixture.login('romeo@a.test/orchard')
    storage.failCommits('full')
    for (const to of ['', "to='a.test'"]) {
      await romeo.asks(request('r1', account('romeo', 'new'), to), refused('r1', 'resource-constraint'))
      await romeo.asks(request('r2', '<remove/>', to), refused('r2', 'resource-constraint'))
    }
    storage.failCommits(undefined)
    await romeo.receivesNothing()
    await fixture.login('romeo@a.test/piazza')
    await romeo.asks(
      "<iq type='get' id='q1'><query xmlns='jabber:iq:roster'/></iq>",
      "<iq type='result' id='q1'><query xmlns='jabber:iq:roster'><item jid='juliet@a.test' subscription='both'/></query></iq>",
    )
  })

  test('is not said to be removed before that is on disk', async () => {
    const storage = memoryStorage()
    await using fixture = await startFixture({ storage })
    const romeo = await fixture.login('romeo@a.test/orchard')
    const juliet = await fixture.login('juliet@a.test/balcony')
    storage.hold()
    romeo.send(request('r1', '<remove/>'))
    for (let count = 0; count < 5; count++) await juliet.barrier()
    expect(romeo.unread).toEqual([])
    expect(romeo.closed).toBe(false)
    storage.release()
    await romeo.receives("<iq type='result' id='r1'/>")
    await romeo.receives('<stream:error><not-authorized/></stream:error>')
  })

  test.each([
    ['without an address', ''],
    ['at the host', "to='a.test'"],
    ['at its own address', "to='romeo@a.test'"],
  ])('is removed: the result, then the end of every stream, %s (§3.2)', async (_, to) => {
    await using fixture = await startFixture()
    const romeo = await fixture.login('romeo@a.test/orchard')
    const other = await fixture.login('romeo@a.test/piazza')
    romeo.send(request('r1', '<remove/>', to))
    await romeo.receives("<iq type='result' id='r1'/>")
    for (const client of [romeo, other]) {
      await client.receives('<stream:error><not-authorized/></stream:error>')
      await client.receivesClose()
    }
    await expect(fixture.login('romeo@a.test')).rejects.toThrow('not-authorized')
    await fixture.login('juliet@a.test')
  })
})

/** A connection that says it is encrypted. */
const tls: TlsInfo = {
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  serverName: 'a.test',
  alpn: undefined,
  resumed: false,
  peerCertificate: undefined,
  peerCertificateError: undefined,
  channelBindings: [],
  channelBinding: () => undefined,
}
