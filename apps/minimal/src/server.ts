// A chat server: `node server.ts DOMAIN FOLDER PORT [NEW-USER:PASSWORD]...`, see README.md

import { readFileSync } from 'node:fs'
import { BareJid, type FullJid, type Jid } from '@tercet/jid'
import { listen, serverTls } from '@tercet/net'
import { deriveScramKeys, readScramKeys, writeScramKeys, type StoredScramKeys } from '@tercet/sasl'
import * as words from '@tercet/stanza'
import * as roster from '@tercet/stanza/roster'
import { openSqliteStorage } from '@tercet/storage-sqlite'
import * as talk from '@tercet/stream'

const [domain = '', folder = '.', port = '5222', ...newUsers] = process.argv.slice(2)
const storage = await openSqliteStorage({ folder })
const keys = storage.table<StoredScramKeys>('scram-sha-256')
for (const [name = '', password = ''] of newUsers.map(text => text.split(':'))) {
  const stored = writeScramKeys(await deriveScramKeys(password, 'SHA-256'))
  const unit = storage.unit()
  keys.put(unit, domain, BareJid.of(name, domain).local, '', stored)
  await unit.commit()
}
const items: roster.RosterItem[] = []
for await (const local of keys.owners(domain))
  items.push({ jid: BareJid.of(local, domain), subscription: 'both', groups: [] })

type Session = { jid: FullJid; stream: talk.Stream; presence?: words.Presence | undefined }
const sessions = new Set<Session>()
const find = (to: Jid) => [...sessions].find(({ jid }) => jid.text === to.text)
const available = () => [...sessions].filter(({ presence }) => presence)
const tell = (to: Session, stanza: words.Stanza) => to.stream.send(words.writeStanza(stanza))

function announce(session: Session, news: words.Presence): void {
  if (!session.presence)
    for (const { presence } of available()) tell(session, presence!.with({ to: session.jid }))
  session.presence = news.type ? undefined : news
  for (const other of available()) tell(other, news.with({ to: other.jid }))
}

function leave(session: Session | undefined): void {
  if (!session || !sessions.delete(session) || !session.presence) return
  announce(session, words.presence({ from: session.jid, type: 'unavailable' }))
}

function route(session: Session, stanza: words.Stanza): void {
  const { kind, to = session.jid.bare } = stanza
  if (stanza.kind === 'presence' && !stanza.to) return announce(session, stanza)
  if (stanza.kind === 'iq' && stanza.type === 'get' && !stanza.to && stanza.has(roster.query))
    return tell(session, words.resultOf(stanza, roster.get.writeResult({ ver: undefined, items })))
  const all = available().filter(({ jid }) => kind !== 'iq' && jid.bare.text === to.bare.text)
  const targets = [find(to) ?? all].flat()
  if (kind !== 'presence' && !targets[0]) throw new words.StanzaError('service-unavailable')
  for (const target of targets) tell(target, stanza)
}

const [cert, key] = [readFileSync(`${folder}/server.crt`), readFileSync(`${folder}/server.key`)]
const scramKeys = async (name: string) => readScramKeys((await keys.get(domain, name, ''))?.value)
const host: talk.EssentialHost = {
  domain,
  tls: serverTls({ contexts: { [domain]: { cert, key } }, defaultName: domain }),
  requireTls: true,
  mechanisms: { hashes: ['SHA-256'], plus: false }, // COMPAT(slixmpp 1.8): it fails at PLUS.
  credentials: () => ({ scramKeys, fakeSaltSecret: key, iterations: 10_000 }),
  bind({ stream }, account, wanted) {
    const jid = wanted ?? account.withResource(crypto.randomUUID())
    find(jid)?.stream.fail(new words.StreamError('conflict'))
    leave(find(jid))
    const session: Session = { jid, stream }
    sessions.add(session)
    const stanza = (stanza: words.Stanza) => route(session, stanza)
    const closed = () => leave(session)
    return { jid, handler: talk.stanzaHandler(stream, { jid, stanza, closed }) }
  },
}
const hostOf = (to: string) => (to === domain ? host : undefined)
const around = { flushList: new talk.FlushList(), wheel: new talk.TimerWheel() }
const listener = await listen({ address: '127.0.0.1', port: Number(port) }, transport => {
  const stream = new talk.Stream(transport, undefined, around)
  setTimeout(() => [...sessions].every(one => one.stream !== stream) && stream.end(), 30_000)
  void talk.receive(stream, { host: hostOf, features: talk.essentialFeatures })
})
console.log(`${domain} is served on port ${listener.port}`)
