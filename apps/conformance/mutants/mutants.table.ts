/** Rules taken out of the server, for the plays that are about them: a play that stays green without its rule shows nothing. */
import type { Edit, Mutant } from './mutant.ts'

const precis = 'packages/jid/src/precis.ts'
const reader = 'packages/xml/src/tcp-reader.ts'
const writer = 'packages/stanza/src/write.ts'
const states = 'packages/stanza/src/subscription.ts'
const receiver = 'packages/stream/src/receiver.ts'
const sasl = 'packages/stream/src/features/sasl.ts'
const sent = 'packages/stream/src/sm/sent.ts'
const scram = 'packages/sasl/src/scram-server.ts'
const c2s = 'packages/server/src/c2s.ts'
const host = 'packages/server/src/host.ts'
const session = 'packages/server/src/session.ts'
const sm = 'packages/server/src/modules/sm.ts'
const message = 'packages/server/src/modules/message.ts'
const storable = 'packages/server/src/modules/storable.ts'
const subscription = 'packages/server/src/modules/subscription.ts'

/** Makes the reader skip what matches, as a parser does that is kinder than RFC 6120 §11.1 allows. */
function skipping(pattern: string): Edit {
  const first = 'if (this.state === OVER) return\n'
  const skip = `chunk = Buffer.from(Buffer.from(chunk).toString('latin1').replace(${pattern}, ''), 'latin1')\n`
  return { file: reader, find: first, replace: first + skip }
}

/** Every mutant there is; a play may have several, and one that is drawn without any is an error. */
export const mutants: readonly Mutant[] = [
  {
    play: 'rfc6120/too-many-attempts',
    wrong: 'lets a client guess passwords on one stream',
    edits: [{ file: sasl, find: 'if (guess) negotiation.failures++', replace: '' }],
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
        find: 'deliver(account, message, targets, storable(message), turn)',
        replace: 'deliver(account, message.with({ to: targets[0]!.jid }), targets, storable(message), turn)',
      },
    ],
  },
  {
    play: 'rfc6120/to-and-id-stay',
    wrong: 'replaces ids that are odd or missing',
    edits: [
      {
        file: message,
        find: 'deliver(account, message, targets, storable(message), turn)',
        replace:
          "deliver(account, message.with({ id: /^\\w+$/.exec(message.id ?? '')?.[0] ?? 'another' }), targets, storable(message), turn)",
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
    play: 'xep-0334/hints-for-storing',
    wrong: 'stores what is not to be stored',
    edits: [
      { file: storable, find: "if (name === 'no-store' || name === 'no-permanent-store') return false", replace: '' },
    ],
  },
  {
    play: 'xep-0334/hints-for-storing',
    wrong: 'stores nothing by a hint alone',
    edits: [{ file: storable, find: "if (name === 'store') return true", replace: '' }],
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
        find: "if (type === 'groupchat' || (named && type === 'normal')) throw",
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
      { file: storable, find: "if (type !== 'chat' && type !== 'normal') return false", replace: '' },
      { file: message, find: "if (type === 'error' || type === 'headline') return 'handled'", replace: '' },
    ],
  },
  {
    play: 'xep-0160/what-is-kept',
    wrong: 'keeps chat states',
    edits: [{ file: storable, find: 'ns !== NS_CHAT_STATES &&', replace: '' }],
  },
  {
    play: 'rfc5802/nonce',
    wrong: 'takes back any nonce',
    edits: [{ file: scram, find: 'if (message.nonce !== pending.nonce) throw', replace: 'if (false) throw' }],
  },
  {
    play: 'rfc6120/features-after-success',
    wrong: 'offers mechanisms to whom it knows already',
    edits: [{ file: sasl, find: 'negotiation.account || needsTls', replace: 'needsTls' }],
  },
  {
    play: 'rfc6120/features-after-success',
    wrong: 'offers binding before it knows who binds',
    edits: [{ file: 'packages/stream/src/features/bind.ts', find: 'account ? `<bind', replace: '!account ? `<bind' }],
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
        find: "if (stanza.type === 'get' || stanza.type === 'set') throw new StanzaError('service-unavailable')",
        replace: "if (stanza.type === 'get' || stanza.type === 'set') throw new StanzaError('item-not-found')",
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
]
