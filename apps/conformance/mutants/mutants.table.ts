/** Rules taken out of the server, for the plays that are about them: a play that stays green without its rule shows nothing. */
import type { Edit, Mutant } from './mutant.ts'

const precis = 'packages/jid/src/precis.ts'
const reader = 'packages/xml/src/tcp-reader.ts'
const writer = 'packages/stanza/src/write.ts'
const states = 'packages/stanza/src/subscription.ts'
const receiver = 'packages/stream/src/receiver.ts'
const sasl = 'packages/stream/src/features/sasl.ts'
const sasl2 = 'packages/stream/src/features/sasl2.ts'
const exchange = 'packages/stream/src/features/sasl-exchange.ts'
const sent = 'packages/stream/src/sm/sent.ts'
const scram = 'packages/sasl/src/scram-server.ts'
const c2s = 'packages/server/src/c2s.ts'
const host = 'packages/server/src/host.ts'
const session = 'packages/server/src/session.ts'
const sm = 'packages/server/src/modules/sm.ts'
const csi = 'packages/server/src/modules/csi.ts'
const message = 'packages/server/src/modules/message.ts'
const archive = 'packages/server/src/modules/mam/archive.ts'
const mam = 'packages/server/src/modules/mam/index.ts'
const carbons = 'packages/server/src/modules/carbons.ts'
const copied = 'packages/server/src/modules/copied.ts'
const storable = 'packages/server/src/modules/storable.ts'
const keeping = 'packages/stanza/src/keeping.ts'
const blocking = 'packages/server/src/modules/blocking.ts'
const blocks = 'packages/server/src/modules/blocks.ts'
const presence = 'packages/server/src/modules/presence.ts'
const subscription = 'packages/server/src/modules/subscription.ts'
const handshake = 'packages/component/src/negotiation.ts'
const ofComponents = 'packages/component/src/inbound.ts'
const component = 'packages/component/src/component.ts'
const dialback = 'packages/s2s/src/dialback-talk.ts'
const gateway = 'packages/s2s/src/gateway.ts'
const verdict = 'packages/net/src/s2s/verdict.ts'
const verifications = 'packages/s2s/src/verifications.ts'
const link = 'packages/s2s/src/link.ts'
const inbound = 'packages/s2s/src/inbound.ts'
const outgoing = 'packages/s2s/src/outgoing.ts'
const destination = 'packages/s2s/src/destination.ts'
const inbox = 'packages/server/src/modules/inbox'
const filter = 'packages/server/src/modules/mam/filter.ts'
const results = 'packages/server/src/modules/mam/results.ts'

/** Makes the reader skip what matches, as a parser does that is kinder than RFC 6120 §11.1 allows. */
function skipping(pattern: string): Edit {
  const first = 'if (this.state === OVER) return\n'
  const skip = `chunk = Buffer.from(Buffer.from(chunk).toString('latin1').replace(${pattern}, ''), 'latin1')\n`
  return { file: reader, find: first, replace: first + skip }
}

/** Makes the verifier take a certificate that its own key has signed: anybody can make one for any name. */
const believingSelfSigned: Edit = {
  file: verdict,
  find: 'if (error === undefined) return undefined',
  replace: "if (error === undefined || error === 'DEPTH_ZERO_SELF_SIGNED_CERT') return undefined",
}

/** Every mutant there is; a play may have several, and one that is drawn without any is an error. */
export const mutants: readonly Mutant[] = [
  {
    play: 'xep-0191/block',
    wrong: 'tells whoever is blocked that a presence did not arrive',
    edits: [{ file: blocking, find: "if (kind !== 'presence' && answered)", replace: 'if (answered || kind === "presence")' }],
  },
  {
    play: 'xep-0191/block',
    wrong: 'tells all sessions of a block',
    edits: [{ file: blocking, find: 'if (!session.get(interested)) continue\n', replace: '' }],
  },
  {
    play: 'xep-0191/blocked-outbound',
    wrong: 'goes on telling presence to whom the user has blocked',
    edits: [{ file: presence, find: 'if (hidden !== false && (await hidden)) continue\n', replace: '' }],
  },
  {
    play: 'xep-0191/list-survives',
    wrong: 'blocks for those alone who are there',
    edits: [
      {
        file: blocks,
        find: 'account.sessions.length === 0 ? UNREAD : this.#lists.get(account.jid.local)',
        replace: 'this.#lists.get(account.jid.local)',
      },
    ],
  },
  {
    play: 'xep-0191/matching',
    wrong: 'blocks an account for one of its resources',
    edits: [
      {
        file: blocks,
        find: 'return list.has(jid.text) ||',
        replace: 'return [...list].some(text => text.startsWith(jid.bare.text)) ||',
      },
    ],
  },
  {
    play: 'xep-0191/own-resources',
    wrong: 'takes a list at its word',
    edits: [{ file: blocks, find: ' || exempt(account, jid)', replace: '' }],
  },
  {
    play: 'xep-0114/wrong-secret',
    wrong: 'lets in whoever shakes hands',
    edits: [
      {
        file: handshake,
        find: '!(await isHandshake(element.content.directText(), stream.id, component.secret))',
        replace: '!(await isHandshake(element.content.directText(), stream.id, component.secret)) && stream.id === ""',
      },
    ],
  },
  {
    play: 'xep-0114/second-connection',
    wrong: 'lets the second connection take over',
    edits: [{ file: handshake, find: 'if (component.connection?.stream.open) throw', replace: 'if (stream.id === "" && component.connection) throw' }],
  },
  {
    play: 'xep-0114/forged-from',
    wrong: 'believes a component whatever it says',
    edits: [{ file: ofComponents, find: "if (stanza.from?.domain !== domain) throw", replace: "if (stanza.from === undefined) throw" }],
  },
  {
    play: 'xep-0114/away',
    wrong: 'says nothing for a component that is away',
    edits: [
      {
        file: component,
        find: 'if (!connection?.stream.open) return refuseIfAnswerable(stanza, absent(this.domain))',
        replace: 'if (!connection?.stream.open) return',
      },
    ],
  },
  {
    play: 'rfc6120/local-component-stays',
    wrong: 'looks elsewhere for a component that is away',
    edits: [
      {
        file: 'apps/server/src/components/components.ts',
        find: 'components.has(stanza.to.domain))',
        replace: 'components.get(stanza.to.domain)?.isConnected)',
      },
      { file: 'apps/server/src/main.ts', find: ' || config.components.has(domain)', replace: '' },
    ],
  },
  {
    play: 'rfc6120/too-many-attempts',
    wrong: 'lets a client guess passwords on one stream',
    edits: [{ file: exchange, find: 'if (guess) negotiation.failures++', replace: '' }],
  },
  {
    play: 'xep-0388/authzid-is-the-stream',
    wrong: 'forgets who has opened the stream',
    edits: [{ file: sasl2, find: '{ ...offer, only: from }', replace: 'offer' }],
  },
  {
    play: 'xep-0388/user-agent-is-a-uuid',
    wrong: 'takes any identifier of a client',
    edits: [{ file: sasl2, find: 'malformed: !UUID_4.test(read.id)', replace: 'malformed: false' }],
  },
  {
    play: 'xep-0386/one-session-of-a-client',
    wrong: 'keeps the sessions that a client has given up',
    edits: [
      { file: 'packages/server/src/inline-login.ts', find: 'session.get(clientOf) === id', replace: 'false' },
    ],
  },
  {
    play: 'xep-0386/resume-comes-first',
    wrong: 'lists features for a stream that was resumed',
    edits: [{ file: sasl2, find: 'if (features) stream.send', replace: 'stream.send' }],
  },
  {
    play: 'xep-0484/token',
    wrong: 'takes a token with any mechanism',
    edits: [
      { file: 'packages/server/src/clients.ts', find: 'if (token.mechanism !== mechanism) continue', replace: '' },
    ],
  },
  {
    play: 'xep-0484/token-given-back',
    wrong: 'lets a client in with a token that it has given back',
    edits: [
      {
        file: 'packages/server/src/clients.ts',
        find: 'if (login.invalidate) tokens = takenBack(tokens)',
        replace: '',
      },
    ],
  },
  {
    play: 'xep-0178/foreign-address',
    wrong: 'believes addresses of other domains',
    edits: [
      {
        file: 'packages/server/src/credentials.ts',
        find: "return local !== '' && domain === host.domain",
        replace: "return local !== '' && domain !== ''",
      },
    ],
  },
  {
    play: 'xep-0178/another-authzid',
    wrong: 'lets a certificate speak for whom its owner names',
    edits: [
      {
        file: 'packages/s2s/src/incoming-features.ts',
        find: 'asDomain(identity) === negotiation.host.remote ?',
        replace: 'asDomain(identity) !== undefined ?',
      },
    ],
  },
  {
    play: 'xep-0178/not-sent-to-self-signed',
    wrong: 'believes a certificate that signs itself',
    edits: [believingSelfSigned],
  },
  {
    play: 'xep-0178/not-sent-to-self-signed',
    wrong: 'goes on with a server whose certificate it does not believe',
    edits: [
      {
        file: 'packages/s2s/src/outgoing.ts',
        find: "if (!verdict.valid && rule.authentication === 'certificate') throw",
        replace: 'if (false) throw',
      },
    ],
  },
  {
    play: 'xep-0178/refused-self-signed',
    wrong: 'believes a certificate that signs itself',
    edits: [believingSelfSigned],
  },
  {
    play: 'xep-0198/s2s-resumed',
    wrong: 'sends again what the other server has',
    edits: [{ file: 'packages/s2s/src/outgoing-management.ts', find: 'if (h !== undefined) lost.confirm(h)', replace: '' }],
  },
  {
    play: 'xep-0220/authority-dies',
    wrong: 'calls a key invalid that nobody has judged',
    edits: [{ file: verifications, find: 'return { error: isConnected(error) ?', replace: "return 'invalid'\nvoid { error: isConnected(error) ?" }],
  },
  {
    play: 'xep-0220/authority-dies',
    wrong: 'believes whom it could not verify',
    edits: [{ file: verifications, find: 'return { error: isConnected(error) ?', replace: "return 'valid'\nvoid { error: isConnected(error) ?" }],
  },
  {
    play: 'xep-0288/not-before',
    wrong: 'sends to whoever says to be the other server',
    edits: [
      {
        file: dialback,
        find: 'this.#claims.add(claim)\n',
        replace: 'this.#claims.add(claim)\nthis.#link.gateway.offer(this.#link, pair.from, pair.to)\n',
      },
    ],
  },
  {
    play: 'xep-0288/not-before',
    wrong: 'sends what waits before it says that the key is valid',
    edits: [
      {
        file: dialback,
        find: "if (verification === 'valid') gateway.proven(this.#link, pair.from, pair.to)\n",
        replace:
          "if (verification === 'valid') gateway.proven(this.#link, pair.from, pair.to)\n" +
          "if (verification === 'valid') gateway.offer(this.#link, pair.from, pair.to)\n",
      },
    ],
  },
  {
    play: 'xep-0220/stolen-stream-id',
    wrong: 'takes a verdict about any stream for one about its own',
    edits: [{ file: outgoing, find: "element.attr('id') === id && ", replace: '' }],
  },
  {
    play: 'xep-0220/unsolicited-answer',
    wrong: 'believes an answer that nobody asked for',
    edits: [{ file: dialback, find: 'if (!question || !answer) {', replace: 'if (!question || !answer) {\n      this.#link.gateway.proven(this.#link, from, to)' }],
  },
  {
    play: 'xep-0220/forged-key',
    wrong: 'believes whoever has a key',
    edits: [{ file: dialback, find: 'return gateway.verifications.verify({ from: to, to: from }, stream.id, key, this.#link)', replace: "await gateway.verifications.verify({ from: to, to: from }, stream.id, key, this.#link)\n    return 'valid'" }],
  },
  {
    play: 'xep-0220/verified-at-the-authority',
    wrong: 'asks about another stream than its own',
    edits: [{ file: dialback, find: 'to: from }, stream.id, key', replace: "to: from }, 'id', key" }],
  },
  {
    play: 'xep-0220/multiplexed',
    wrong: 'ends a stream for one of its pairs',
    edits: [{ file: dialback, find: "if (verification === 'invalid' && accepted.size === 0) stream.close()", replace: "if (verification === 'invalid') stream.close()" }],
  },
  {
    play: 'xep-0220/target-not-here',
    wrong: 'ends a stream that asks for a domain of others',
    edits: [{ file: dialback, find: "if (!gateway.isLocal(to)) return { error: 'item-not-found' }", replace: "if (!gateway.isLocal(to)) return 'invalid'" }],
  },
  {
    play: 'xep-0220/authority-not-found',
    wrong: 'calls a key invalid that nobody has judged',
    edits: [{ file: verifications, find: 'return { error: isConnected(error) ?', replace: "return 'invalid'\nvoid { error: isConnected(error) ?" }],
  },
  {
    play: 'xep-0220/queued-until-valid',
    wrong: 'sends before the other server has said what it thinks',
    edits: [{ file: outgoing, find: "const element = await answer(opened, element => isAnswer(element, 'result', opened))\n", replace: "if (to !== '') return 'valid'\n  const element = await answer(opened, element => isAnswer(element, 'result', opened))\n" }],
  },
  {
    play: 'xep-0220/not-believed',
    wrong: 'takes a no for a yes',
    edits: [{ file: outgoing, find: "isAnswer(element, 'result', opened))\n  return readAnswer(element) ?? 'invalid'", replace: "isAnswer(element, 'result', opened))\n  return readAnswer(element) ? 'valid' : 'invalid'" }],
  },
  {
    play: 'xep-0185/keys-of-others',
    wrong: 'makes one key for all streams',
    edits: [{ file: 'packages/s2s/src/dialback.ts', find: '`${receiving} ${originating} ${id}`', replace: "`${receiving} ${originating} ${id === '' ? '' : 'any'}`" }],
  },
  {
    play: 'xep-0185/keys-hold-elsewhere',
    wrong: 'makes another secret at each start',
    edits: [{ file: 'apps/server/src/federation/secret.ts', find: 'if (row) return row.value', replace: "if (row?.value === '') return row.value" }],
  },
  {
    play: 'xep-0178/refused-none',
    wrong: 'lets in who shows no certificate',
    edits: [{ file: 'packages/s2s/src/incoming.ts', find: ": { valid: false, reason: 'no certificate was presented', names: [] }", replace: ": { valid: true, by: 'pkix' }" }],
  },
  {
    play: 'xep-0178/refused-expired',
    wrong: 'looks at no dates',
    edits: [
      { file: verdict, find: 'if (dated !== undefined) return dated', replace: '' },
      {
        file: verdict,
        find: 'if (error === undefined) return undefined',
        replace: "if (error === undefined || error === 'CERT_HAS_EXPIRED') return undefined",
      },
    ],
  },
  {
    play: 'xep-0178/not-sent-to-expired',
    wrong: 'looks at no dates',
    edits: [
      { file: verdict, find: 'if (dated !== undefined) return dated', replace: '' },
      {
        file: verdict,
        find: 'if (error === undefined) return undefined',
        replace: "if (error === undefined || error === 'CERT_HAS_EXPIRED') return undefined",
      },
    ],
  },
  {
    play: 'xep-0178/refused-another-name',
    wrong: 'looks at no names',
    edits: [{ file: verdict, find: "return matchesDomain(certificate, domain, 'xmpp-server') ?", replace: 'return certificate.length > 0 ?' }],
  },
  {
    play: 'xep-0178/not-sent-to-another-name',
    wrong: 'looks at no names',
    edits: [{ file: verdict, find: "return matchesDomain(certificate, domain, 'xmpp-server') ?", replace: 'return certificate.length > 0 ?' }],
  },
  {
    play: 'rfc6120/s2s-starttls-stripped',
    wrong: 'goes on without encryption',
    edits: [{ file: outgoing, find: 'if (rule.requireTls) throw', replace: "if (rule.requireTls && to === '') throw" }],
  },
  {
    play: 'rfc6120/s2s-no-from',
    wrong: 'falls over a stanza without from',
    edits: [{ file: inbound, find: 'if (!fromText || !toText)', replace: 'if (!toText)' }],
  },
  {
    play: 'rfc6120/s2s-from-another-domain',
    wrong: 'takes stanzas from any domain',
    edits: [{ file: inbound, find: 'if (!this.#link.accepted.has(pairKey(from, to))) throw this.#refusal(from, to)', replace: '' }],
  },
  {
    play: 'rfc6120/s2s-to-another-domain',
    wrong: 'takes stanzas for any of its domains',
    edits: [{ file: inbound, find: 'if (!this.#link.accepted.has(pairKey(from, to))) throw this.#refusal(from, to)', replace: '' }],
  },
  {
    play: 'rfc6120/s2s-to-unknown-host',
    wrong: 'passes on what is for domains of others',
    edits: [{ file: inbound, find: 'if (!this.#link.accepted.has(pairKey(from, to))) throw this.#refusal(from, to)', replace: '' }],
  },
  {
    play: 'rfc6120/s2s-host-unknown',
    wrong: 'keeps what waits for a server that does not know its domain',
    edits: [{ file: 'packages/s2s/src/failure.ts', find: "  'host-unknown': 'remote-server-not-found',\n", replace: '' }],
  },
  {
    play: 'rfc6120/remote-not-found',
    wrong: 'answers a presence broadcast',
    edits: [{ file: 'packages/stanza/src/keeping.ts', find: "if (stanza.kind !== 'presence') return true", replace: "if (stanza.kind !== 'presence' || stanza.type === undefined) return true" }],
  },
  {
    play: 'rfc6120/remote-does-not-answer',
    wrong: 'answers the last one first',
    edits: [{ file: destination, find: 'if (!first.gone) old.push(first)', replace: 'if (!first.gone) old.unshift(first)' }],
  },
  {
    play: 'rfc6120/s2s-one-stream-in-order',
    wrong: 'lets requests overtake',
    edits: [{ file: 'packages/s2s/src/lane.ts', find: 'this.#queue.push(entry)\n', replace: "this.#queue[entry.request ? 'unshift' : 'push'](entry)\n" }],
  },
  {
    play: 'rfc6120/s2s-reconnects-in-order',
    wrong: 'sends again what an orderly end has confirmed',
    edits: [{ file: 'packages/s2s/src/unconfirmed.ts', find: 'if (this.managed || size === 0) return', replace: 'if (this.managed || size >= 0) return' }],
  },
  {
    play: 'rfc6120/s2s-unconfirmed-again',
    wrong: 'forgets what was under way',
    edits: [{ file: destination, find: 'lane.unshift(again)', replace: 'lane.unshift(again.slice(again.length))' }],
  },
  {
    play: 'rfc6120/s2s-collision',
    wrong: 'sends on a stream of one direction against it',
    edits: [{ file: gateway, find: 'if (!link.carries) return this.#destinations.get(remote)?.awake()\n', replace: '' }],
  },
  {
    play: 'xep-0288/collision',
    wrong: 'keeps the connection that nobody needs any more',
    edits: [{ file: destination, find: 'if (lane.link || attempt.signal.aborted) link.leaveUnused()', replace: 'if (lane.link || attempt.signal.aborted) return' }],
  },
  {
    play: 'rfc6120/s2s-back-off',
    wrong: 'tries again at once',
    edits: [{ file: destination, find: 'this.retryMs = wheel.now + pause * (0.5 + Math.random() / 2)', replace: 'this.retryMs = wheel.now + pause * 0' }],
  },
  {
    play: 'rfc6120/s2s-queue-bounded',
    wrong: 'lets a queue grow',
    edits: [{ file: destination, find: 'this.count >= limits.queueStanzas || ', replace: '' }],
  },
  {
    play: 'rfc6120/s2s-idle',
    wrong: 'keeps streams that nobody uses',
    edits: [{ file: link, find: 'nowMs - used >= idleMs &&', replace: 'nowMs - used >= idleMs + 3_600_000 &&' }],
  },
  {
    play: 'rfc6120/s2s-found-by-srv',
    wrong: 'looks for a room where the domain above it is',
    edits: [{ file: 'packages/net/src/srv.ts', find: 'resolver.srv(`_${service}._tcp.${domain}`', replace: "resolver.srv(`_${service}._tcp.${domain.split('.').slice(-2).join('.')}`" }],
  },
  {
    play: 'rfc6120/s2s-found-by-direct-tls',
    wrong: 'begins without TLS',
    edits: [{ file: 'packages/net/src/srv.ts', find: 'directTls: index === 1', replace: 'directTls: index === 2' }],
  },
  {
    play: 'rfc6120/s2s-private-address',
    wrong: 'connects to any address',
    edits: [{ file: 'packages/net/src/dial.ts', find: 'if (allow?.(address) === false) {', replace: 'if (allow?.(address) === undefined && allow) {' }],
  },
  {
    play: 'rfc6120/s2s-private-address-in-dns',
    wrong: 'connects to any address',
    edits: [{ file: 'packages/net/src/dial.ts', find: 'if (allow?.(address) === false) {', replace: 'if (allow?.(address) === undefined && allow) {' }],
  },
  {
    play: 'rfc6120/s2s-see-other-host',
    wrong: 'does not go where it is sent',
    edits: [{ file: outgoing, find: 'if (!target) throw error', replace: "if (!target || to !== '') throw error" }],
  },
  {
    play: 'rfc6120/s2s-see-other-host-checked',
    wrong: 'goes on with a server whose certificate it does not believe',
    edits: [{ file: outgoing, find: "if (!verdict.valid && rule.authentication === 'certificate') throw", replace: "if (to === '') throw" }],
  },
  {
    play: 'rfc6120/s2s-header-without-from',
    wrong: 'takes the identity of EXTERNAL for the domain that was not said',
    edits: [
      {
        file: 'packages/s2s/src/incoming-features.ts',
        find: 'const refusal = refusalOf(negotiation, element)',
        replace:
          'const named = host as { remote?: string | undefined; verdict?: Verdict | undefined }\n' +
          'named.remote ??= new TextDecoder().decode(decodeBase64Strict(element.content.directText()))\n' +
          "named.verdict ??= { valid: true, by: 'pkix' }\n" +
          'const refusal = refusalOf(negotiation, element)',
      },
    ],
  },
  {
    play: 'rfc6120/local-domain-stays',
    wrong: 'sends everything to other servers',
    edits: [
      {
        file: 'packages/server/src/router.ts',
        find: 'if (!host) this.#server.remote.send(stanza, turn)',
        replace: "if (!host || to.domain === 'b.test') this.#server.remote.send(stanza, turn)",
      },
      {
        file: gateway,
        find: "if (this.isLocal(to.domain)) throw new StanzaError('service-unavailable')",
        replace: '',
      },
    ],
  },
  {
    play: 'rfc6120/s2s-content-namespace-back',
    wrong: 'leaves out the namespace of clients wherever it stands',
    edits: [
      {
        file: writer,
        find: 'stanza.content.text',
        replace: `stanza.content.text.replaceAll(" xmlns='jabber:client'", '')`,
      },
    ],
  },
  {
    play: 'rfc7622/comparison',
    wrong: 'compares local parts as they were written',
    edits: [{ file: precis, find: 'return upper ? text.toLowerCase() : text', replace: 'return text' }],
  },
  {
    play: 'rfc7622/comparison',
    wrong: 'compares resources without regard to case',
    edits: [
      {
        file: message,
        find: 'account.host.session(to)',
        replace: 'account.sessions.find(({ jid }) => jid.resource.toLowerCase() === to.resource.toLowerCase())',
      },
    ],
  },
  {
    play: 'rfc6120/unknown-payloads-pass',
    wrong: 'passes on only what it knows',
    edits: [
      {
        file: writer,
        find: 'stanza.content.text',
        replace: 'stanza.content.filter((_, ns) => /^(jabber:|urn:(xmpp|ietf):|http:)/.test(ns)).text',
      },
    ],
  },
  {
    play: 'rfc6120/to-and-id-stay',
    wrong: 'writes the resource that it has chosen into the address',
    edits: [
      {
        file: message,
        find: 'deliver(event, stanza, kept)',
        replace: 'deliver(event, stanza.with({ to: targets[0]!.jid }), kept)',
      },
    ],
  },
  {
    play: 'rfc6120/to-and-id-stay',
    wrong: 'replaces ids that are odd or missing',
    edits: [
      {
        file: message,
        find: 'deliver(event, stanza, kept)',
        replace:
          "deliver(event, stanza.with({ id: /^\\w+$/.exec(stanza.id ?? '')?.[0] ?? 'another' }), kept)",
      },
    ],
  },
  {
    // The tables of the sender and of the receiver both stop it (RFC 6121 §A.2.3, §A.3.3): within one server both have to go.
    play: 'rfc6121/subscribed-to-nobody',
    wrong: 'sends and takes every approval',
    edits: [
      { file: subscription, find: 'if (step.route) host.send', replace: 'host.send' },
      { file: subscription, find: 'if (step.deliver) {', replace: '{' },
    ],
  },
  {
    play: 'rfc6121/chat-to-bare-address',
    wrong: 'delivers to one resource only',
    edits: [
      {
        file: message,
        find: 'sessions.filter(session => session.takesMessages)',
        replace: 'sessions.filter(session => session.takesMessages).slice(0, 1)',
      },
    ],
  },
  {
    play: 'rfc6121/chat-to-bare-address',
    wrong: 'delivers to negative resources as well',
    edits: [{ file: session, find: 'this.presence !== undefined && this.priority >= 0', replace: 'true' }],
  },
  {
    play: 'rfc6120/doctype',
    wrong: 'skips document types',
    edits: [skipping('/<!DOCTYPE[^]*?\\]>/')],
  },
  {
    play: 'rfc6120/mismatched-tags',
    wrong: 'closes what was left open, as browsers do',
    edits: [
      {
        file: 'packages/xml/src/cutter.ts',
        find: "if (openedEnd - opened !== nameEnd - nameStart) throw malformed('an end tag that does not match')",
        replace: 'if (openedEnd - opened !== nameEnd - nameStart) return this.close(bytes, base, nameEnd)',
      },
      {
        file: 'packages/xml/src/sax-reader.ts',
        find: 'sax.parser(true, OPTIONS)',
        replace: 'sax.parser(false, { ...OPTIONS, lowercase: true })',
      },
    ],
  },
  {
    play: 'xep-0198/handled-too-many',
    wrong: 'ignores what cannot be true',
    edits: [{ file: sent, find: 'throw handledCountTooHigh(h, this.sent)', replace: 'return' }],
  },
  {
    play: 'xep-0198/time-to-resume',
    wrong: 'does not say for how long',
    edits: [{ file: sm, find: " max='${Math.floor(session.resumeMs / 1000)}'", replace: '' }],
  },
  {
    play: 'xep-0352/inactive-client',
    wrong: 'does nothing for inactive clients',
    edits: [
      {
        file: csi,
        find: 'if (!outgoing.holding) outgoing.holdBack(new HeldBack(limits))',
        replace: 'void [outgoing, limits]',
      },
    ],
  },
  {
    play: 'xep-0352/active-again',
    wrong: 'keeps each presence of a contact',
    edits: [
      {
        file: 'packages/server/src/held-back.ts',
        find: "key === '' || entry.owed",
        replace: "true || key === '' || entry.owed",
      },
    ],
  },
  {
    play: 'xep-0352/resumed-is-active',
    wrong: 'keeps the state of the lost stream',
    edits: [
      {
        file: csi,
        find: "host.on(sessionResumed, 'run', ({ session }) => session.outgoing.letGo())",
        replace: 'void sessionResumed',
      },
    ],
  },
  {
    play: 'xep-0334/hints-for-storing',
    wrong: 'stores what is not to be stored',
    edits: [
      { file: keeping, find: "if (name === 'no-store' || name === 'no-permanent-store') return false", replace: '' },
    ],
  },
  {
    play: 'xep-0334/hints-for-storing',
    wrong: 'stores nothing by a hint alone',
    edits: [{ file: keeping, find: "if (name === 'store') return true", replace: '' }],
  },
  {
    play: 'rfc6121/unasked-unsubscribe',
    wrong: 'delivers what changes nothing',
    edits: [{ file: subscription, find: 'if (step.deliver) {', replace: '{' }],
  },
  {
    play: 'rfc6120/namespace-from-the-header',
    wrong: 'knows no more of the header than the two namespaces of every stream',
    edits: [{ file: reader, find: 'header.contentNs, bindings)', replace: 'header.contentNs, bindings.slice(0, 4))' }],
  },
  {
    play: 'rfc6121/both-ask',
    wrong: 'forgets the request of the contact when the user asks too',
    edits: [{ file: states, find: "'none+in': [true, 'none+out+in'],", replace: "'none+in': [true, 'none+out']," }],
  },
  {
    play: 'rfc5929/wrong-channel',
    wrong: 'takes the data of any channel',
    edits: [
      {
        file: scram,
        find: 'if (message.binding !== pending.binding) throw',
        replace: 'if (false) throw',
      },
    ],
  },
  {
    play: 'rfc6120/stream-id-is-new',
    wrong: 'gives all streams one id',
    edits: [{ file: c2s, find: 'newId: () => newToken()', replace: "newId: () => 'one'" }],
  },
  {
    play: 'rfc6120/stream-id-is-new',
    wrong: 'keeps the id when a stream starts anew',
    edits: [
      {
        file: receiver,
        find: 'stream.sendHeader(stream.id, attrs)',
        replace: 'stream.sendHeader((stream.first ??= stream.id), attrs)',
      },
    ],
  },
  {
    play: 'xep-0198/closed-is-closed',
    wrong: 'keeps a session that was closed',
    edits: [{ file: session, find: 'return this.host.life.leave(this)', replace: 'return' }],
  },
  {
    play: 'rfc6121/full-address-no-match-other',
    wrong: 'treats an address that nobody has as the bare one',
    edits: [{ file: message, find: "if (type !== 'chat') return NOBODY", replace: '' }],
  },
  {
    play: 'rfc6121/full-address-no-match-other',
    wrong: 'refuses nothing, and keeps what it may',
    edits: [
      {
        file: message,
        find: "if (type === 'groupchat' || (type === 'normal' && to !== undefined && isFull(to)))\n    throw",
        replace: 'if (false) throw',
      },
    ],
  },
  {
    play: 'rfc6120/comment',
    wrong: 'skips comments',
    edits: [skipping('/<!--[^]*?-->/g')],
  },
  {
    play: 'rfc6120/attributes-equal-by-namespace',
    wrong: 'compares attributes by the names that were written',
    edits: [
      {
        file: 'packages/xml/src/sax-reader.ts',
        find: "if (seen.has(expanded)) fail('a repeated attribute')",
        replace: '',
      },
    ],
  },
  {
    // That a headline is not kept is said twice: nobody is told, nothing is stored.
    play: 'xep-0160/what-is-kept',
    wrong: 'keeps messages of every type',
    edits: [
      { file: storable, find: "(message.type === 'chat' || message.type === 'normal') &&", replace: '' },
      { file: message, find: "if (type === 'error' || type === 'headline') return", replace: '' },
    ],
  },
  {
    play: 'xep-0160/what-is-kept',
    wrong: 'keeps chat states',
    edits: [{ file: keeping, find: 'ns !== NS_CHAT_STATES &&', replace: '' }],
  },
  {
    play: 'rfc5802/nonce',
    wrong: 'takes back any nonce',
    edits: [{ file: scram, find: 'if (message.nonce !== pending.nonce) throw', replace: 'if (false) throw' }],
  },
  {
    play: 'rfc6120/features-after-success',
    wrong: 'offers mechanisms to whom it knows already',
    edits: [{ file: sasl, find: 'if (negotiation.account || needsTls', replace: 'if (needsTls' }],
  },
  {
    play: 'rfc6120/features-after-success',
    wrong: 'offers binding before it knows who binds',
    edits: [{ file: 'packages/stream/src/features/bind.ts', find: 'account && !bound ?', replace: '!account ?' }],
  },
  {
    play: 'rfc6120/malformed-sasl',
    wrong: 'calls everything that fails not authorised',
    edits: [
      {
        file: 'packages/sasl/src/error.ts',
        find: "SaslError('malformed-request', {",
        replace: "SaslError('not-authorized', {",
      },
    ],
  },
  {
    play: 'rfc6120/zero-width-no-break-space',
    wrong: 'takes the character for a byte order mark',
    edits: [skipping('/\\xef\\xbb\\xbf/g')],
  },
  {
    play: 'rfc6121/negative-only-is-offline',
    wrong: 'delivers to whoever is there',
    edits: [{ file: session, find: '&& this.priority >= 0', replace: '' }],
  },
  {
    play: 'rfc6121/iq-to-bare-address',
    wrong: 'lets a resource answer for its account',
    edits: [
      {
        file: host,
        find: "return answer(this, own ? 'self' : 'account', stanza",
        replace:
          "if (!own && account.sessions[0]) return account.sessions[0].sendStanza(stanza)\nreturn answer(this, own ? 'self' : 'account', stanza",
      },
    ],
  },
  {
    play: 'rfc6121/nobody-iq',
    wrong: 'tells who has no account',
    edits: [
      {
        file: host,
        find: "stanza.to?.resource === '' && this.iqs.forbids(stanza) ? 'forbidden' : 'service-unavailable',",
        replace: "'item-not-found',",
      },
    ],
  },
  {
    play: 'xep-0198/counting',
    wrong: 'counts what is no stanza',
    edits: [
      {
        file: session,
        find: 'return this.host.nonza(this, event.element)',
        replace: 'this.received?.count()\nreturn this.host.nonza(this, event.element)',
      },
    ],
  },
  {
    play: 'xep-0280/copies',
    wrong: 'copies to who got the original',
    edits: [{ file: carbons, find: 'session !== turn.origin && !targets.includes(session)', replace: 'session !== turn.origin' }],
  },
  {
    play: 'xep-0280/private',
    wrong: 'copies private messages',
    edits: [
      { file: copied, find: 'if (name === carbons.keepPrivate.name) return false', replace: '' },
      { file: copied, find: "if (name === 'no-copy') return false", replace: '' },
    ],
  },
  {
    play: 'xep-0280/bounced',
    wrong: 'gives an error to the bare address to every resource',
    edits: [
      { file: message, find: "type === 'groupchat' || type === 'error'", replace: "type === 'groupchat'" },
    ],
  },
  {
    play: 'xep-0280/error-copied',
    wrong: 'copies every error',
    edits: [{ file: carbons, find: 'return id !== undefined && targets', replace: 'return true || targets' }],
  },
  {
    play: 'xep-0280/forged',
    wrong: 'takes copies from anybody',
    edits: [{ file: carbons, find: "host.onKind('message', inbound, 'guard', refuseForged)", replace: 'void refuseForged' }],
  },
  {
    play: 'xep-0115/poison',
    wrong: 'believes an answer whatever its hash is',
    edits: [
      {
        file: 'packages/server/src/modules/caps/questions.ts',
        find: 'if (key === undefined || !question.claim.proves(info)) {',
        replace: 'if (key === undefined) {',
      },
    ],
  },
  {
    play: 'xep-0163/notify-who-wants-it',
    wrong: 'notifies everybody, whatever they want',
    edits: [
      {
        file: 'packages/server/src/modules/pep/account-service.ts',
        find: 'if (session.presence && this.#capabilities.session(session)?.has(wanted)) found.push(session.jid)',
        replace: 'if (session.presence) found.push(session.jid)',
      },
    ],
  },
  {
    play: 'xep-0163/last-item',
    wrong: 'sends the last item with every presence',
    edits: [
      {
        file: 'packages/server/src/modules/caps/capabilities.ts',
        find: 'if (text === undefined || (session.presence && before?.claim === text)) return',
        replace: 'if (text === undefined) return',
      },
    ],
  },
  {
    play: 'xep-0163/access-is-lost',
    wrong: 'keeps the subscription of who has lost access',
    edits: [
      {
        file: 'packages/server/src/modules/pep/index.ts',
        find: 'if (node.subscribers > 0) await recheck(service, node, turn, contact)',
        replace: 'if (node.subscribers < 0) await recheck(service, node, turn, contact)',
      },
    ],
  },
  {
    play: 'xep-0060/publish-options',
    wrong: 'takes the options of a publication for wishes',
    edits: [
      {
        file: 'packages/server/src/modules/pubsub/publish.ts',
        find: 'if (!meets(known.config, options))',
        replace: 'if (false && !meets(known.config, options))',
      },
    ],
  },
  {
    play: 'xep-0060/same-item-again',
    wrong: 'keeps items without end',
    edits: [
      {
        file: 'packages/server/src/modules/pubsub/publish.ts',
        find: 'if (items > max) {',
        replace: 'if (items > max * 100) {',
      },
    ],
  },
  {
    play: 'xep-0313/not-shown-to-contacts',
    wrong: 'shows the id of the sender’s archive',
    edits: [
      {
        file: archive,
        find: "import type { Turn } from '../../turn.ts'\n",
        replace: "import type { Turn } from '../../turn.ts'\nimport { Element } from '@tercet/xml'\n",
      },
      {
        file: archive,
        find: 'event.id = this.#append(account, message, event.turn)\n  }\n\n  /** The retraction',
        replace:
          'event.id = this.#append(account, message, event.turn)\n' +
          "const id = new Element('archived', 'urn:example:archive', ['id', event.id])\n" +
          "if ('session' in event) event.stanza = message.withContent(message.content.plus(id))\n" +
          '  }\n\n  /** The retraction',
      },
    ],
  },
  {
    play: 'xep-0313/stanza-id',
    wrong: 'leaves forged ids',
    edits: [{ file: message, find: 'return content === message.content ? message : message.withContent(content)', replace: 'return message' }],
  },
  {
    play: 'xep-0313/once-each',
    wrong: 'keeps what is copied twice',
    edits: [{ file: archive, find: 'const id = server.newId()', replace: 'this.log.append(turn.unit, domain, account.jid.local, { id: server.newId(), at: Date.now(), peer: peerOf(account, message).bare.text, body: textOf(message) })\n    const id = server.newId()' }],
  },
  {
    play: 'xep-0313/forbidden',
    wrong: 'lets anybody read',
    edits: [{ file: mam, find: "host.forbid(wire.query)", replace: "host.handle(wire.query, 'account', () => ({ complete: true, stable: true, set: {} }))" }],
  },
  {
    play: 'xep-0402/bookmarks-in-step',
    wrong: 'forgets what an old client cannot store',
    edits: [
      {
        file: 'packages/server/src/modules/bookmarks.ts',
        find: 'extensions: stored.extensions ?? known?.bookmark?.extensions',
        replace: 'extensions: stored.extensions',
      },
    ],
  },
  {
    play: 'xep-0398/avatar-both-ways',
    wrong: 'overwrites a photo that the client does not want to show',
    edits: [
      {
        file: 'packages/server/src/modules/avatar.ts',
        find: "if (photo === hash || (photo === '' && presence.content.elementAt(index).child('photo'))) return presence",
        replace: 'if (photo === hash) return presence',
      },
    ],
  },
  {
    play: 'xep-0398/vcard-becomes-avatar',
    wrong: 'keeps the photo of a vCard in the vCard',
    edits: [
      {
        file: 'packages/server/src/modules/avatar.ts',
        find: 'await publishPhoto(pep, account, photo, turn)',
        replace: 'void publishPhoto',
      },
    ],
  },
  {
    play: 'xep-0424/tombstone',
    wrong: 'leaves with the recipient what was taken back',
    edits: [{ file: archive, find: 'if (found) this.log', replace: "if (found && 'session' in event) this.log" }],
  },
  {
    play: 'xep-0424/tombstone',
    wrong: 'forgets that something was taken back',
    edits: [
      {
        file: archive,
        find: 'event.id = this.#append(account, message, event.turn)\n    if (found)',
        replace: 'if (found)',
      },
    ],
  },
  {
    play: 'xep-0424/nobody-else',
    wrong: 'lets anybody in a conversation take back what was said',
    edits: [
      {
        file: 'packages/server/src/modules/mam/retraction.ts',
        find: 'if (!from || !author) return false',
        replace: 'if (from && author) return true',
      },
    ],
  },
  {
    play: 'xep-0430/unread',
    wrong: 'begins with the oldest conversation',
    edits: [{ file: `${inbox}/index.ts`, find: 'a.id < b.id ? 1 : -1', replace: 'a.id < b.id ? -1 : 1' }],
  },
  {
    play: 'xep-0430/unread',
    wrong: 'counts from nothing after a restart',
    edits: [
      {
        file: `${inbox}/inbox.ts`,
        find: 'this.#conversations.put(unit, domain, local, peer, conversation, { lazy: true })',
        replace: 'void conversation',
      },
    ],
  },
  {
    play: 'xep-0430/read',
    wrong: 'takes a receipt for a sign that something was read',
    edits: [
      {
        file: `${inbox}/conversation.ts`,
        find: "idIn(message, 'acknowledged', markers.NS)",
        replace: "idIn(message, 'received', 'urn:xmpp:receipts')",
      },
    ],
  },
  {
    play: 'xep-0430/read',
    wrong: 'does not know what was read on another device',
    edits: [{ file: `${inbox}/index.ts`, find: 'mark === undefined ? stored : readUpTo(stored, mark)', replace: 'stored' }],
  },
  {
    play: 'xep-0430/forbidden',
    wrong: 'says where there is an inbox',
    edits: [{ file: `${inbox}/index.ts`, find: 'host.forbid(wire.inbox)\n', replace: '' }],
  },
  {
    play: 'xep-0386/history-from-the-archive',
    wrong: 'delivers once more what the archive has',
    edits: [
      {
        file: 'packages/server/src/modules/mam/binding.ts',
        find: 'await clear(archive, session)',
        replace: 'void clear',
      },
    ],
  },
  {
    play: 'xep-0163/granted',
    wrong: 'lets a new subscriber wait for his next presence',
    edits: [
      {
        file: subscription,
        find: 'return host.tell(contactAdmitted, { account, contact, turn })',
        replace: 'void contactAdmitted',
      },
    ],
  },
  {
    play: 'rfc6120/session-is-of-the-login',
    wrong: 'lets everybody act as whoever they like',
    edits: [
      {
        file: exchange,
        find: 'return isOwn(account, authzid) && (',
        replace: 'return true || isOwn(account, authzid) && (',
      },
    ],
  },
  {
    play: 'rfc6120/relayed-markup',
    wrong: 'writes the id of a message as it was meant',
    edits: [{ file: writer, find: `out += " id='" + escapeAttr(stanza.id)`, replace: `out += " id='" + stanza.id` }],
  },
  {
    play: 'rfc6121/roster-of-another',
    wrong: 'forbids the rosters alone that there are',
    edits: [
      {
        file: 'packages/server/src/modules/roster.ts',
        find: 'host.forbid(wire.set)',
        replace: "host.handle(wire.set, 'account', () => refuse('forbidden' as 'service-unavailable'))",
      },
    ],
  },
  {
    play: 'xep-0030/strangers',
    wrong: 'tells everybody of an account',
    edits: [
      {
        file: 'packages/server/src/modules/authorized.ts',
        find: "if (!hasFrom((await store.get(account, from.bare)).state)) throw new StanzaError('service-unavailable')\n",
        replace: '',
      },
    ],
  },
  {
    play: 'xep-0357/disabled',
    wrong: 'goes on to tell a push service that was disabled',
    edits: [
      {
        file: 'packages/server/src/modules/push.ts',
        find: 'await nodes.disable(account, jid, node, turn)',
        replace: 'void node',
      },
    ],
  },
  {
    play: 'xep-0357/error-disables',
    wrong: 'goes on to tell a push service that wants no more',
    edits: [
      {
        file: 'packages/server/src/modules/push.ts',
        find: 'return nodes.fail(host.account(account.jid), node, fate.answer, turn).finally(() => turn.release())',
        replace: 'turn.release()',
      },
    ],
  },
  {
    play: 'xep-0163/headline',
    wrong: 'keeps notifications for those who are away',
    edits: [
      {
        file: 'packages/server/src/modules/pubsub/config.ts',
        find: "notificationType: 'headline',",
        replace: "notificationType: 'chat',",
      },
    ],
  },
  {
    play: 'xep-0198/resume-of-another',
    wrong: 'lets anybody resume a stream whose id he knows',
    edits: [
      {
        file: 'packages/server/src/lifecycle.ts',
        find: 'session.account.jid.text !== jid.text || ',
        replace: '',
      },
    ],
  },
  {
    play: 'xep-0386/bound-when-not-resumed',
    wrong: 'says nothing of what cannot be resumed',
    edits: [
      {
        file: 'packages/server/src/inline-login.ts',
        find: "failed('item-not-found', outcome.h)",
        replace: "''",
      },
    ],
  },
  {
    play: 'xep-0160/delivered-once-in-order',
    wrong: 'gives what has waited to a resource of negative priority',
    edits: [
      {
        file: 'packages/server/src/modules/offline.ts',
        find: 'if (tookMessages || !session.takesMessages) return',
        replace: 'if (tookMessages) return',
      },
      {
        file: 'packages/server/src/modules/offline.ts',
        find: 'if (session.takesMessages) redeliver',
        replace: 'redeliver',
      },
    ],
  },
  {
    play: 'xep-0357/disabled',
    wrong: 'disables a service only if its node is named',
    edits: [
      {
        file: 'packages/server/src/modules/push-nodes.ts',
        find: '(node !== undefined && found.node !== node)',
        replace: 'found.node !== node',
      },
    ],
  },
  {
    play: 'xep-0388/authenticated-once',
    wrong: 'lets a stream be authenticated again',
    edits: [
      {
        file: 'packages/stream/src/features/sasl2.ts',
        find: "if (negotiation.account) throw new StreamError('policy-violation', { text: 'This stream is authenticated already' })",
        replace: '',
      },
    ],
  },
  {
    play: 'xep-0363/slot',
    wrong: 'gives slots for files of any size',
    edits: [
      {
        file: 'packages/server/src/modules/upload/index.ts',
        find: 'if (size <= most) return',
        replace: 'return',
      },
    ],
  },
  {
    play: 'xep-0313/unknown-field',
    wrong: 'leaves aside what it does not know of a filter',
    edits: [
      {
        file: filter,
        find: "name !== 'FORM_TYPE' && !Object.hasOwn(FIELDS, name)",
        replace: "name === ''",
      },
    ],
  },
  {
    play: 'xep-0313/last-page',
    wrong: 'begins at the beginning, wherever the client wants to',
    edits: [
      {
        file: filter,
        find: 'last: set?.before !== undefined,',
        replace: 'last: false,',
      },
    ],
  },
  {
    play: 'xep-0313/with',
    wrong: 'gives what was exchanged with all resources of a contact',
    edits: [
      {
        file: filter,
        find: '{ peer: jid.bare.text, resource: jid.resource }',
        replace: '{ peer: jid.bare.text }',
      },
    ],
  },
  {
    play: 'xep-0313/times',
    wrong: 'goes on after the end of the time that is asked for',
    edits: [
      {
        file: filter,
        find: "...defined('endMs', timeOf(one('end'))),",
        replace: '',
      },
    ],
  },
  {
    play: 'xep-0313/flipped',
    wrong: 'flips no page',
    edits: [
      {
        file: results,
        find: 'flipPage ? entries.toReversed() : entries',
        replace: 'entries',
      },
    ],
  },
  {
    play: 'xep-0313/metadata',
    wrong: 'ends an archive where it begins',
    edits: [
      {
        file: results,
        find: 'end: { id: last.id,',
        replace: 'end: { id: first.id,',
      },
    ],
  },
]
