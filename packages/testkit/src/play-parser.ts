/** Reads plays: transcripts of conversations with a server that a newcomer can read aloud (form: README.md). */

/** How far a cast member has come before the first step. */
export type Stage = 'away' | 'wire' | 'stream' | 'secured' | 'authenticated' | 'bound' | 'present'

/** A cast member: a connection, and for most a resource of an account. */
export interface CastMember {
  /** As the steps call it: `romeo/orchard`, or a bare word for a stranger without an account. */
  readonly name: string
  /** Bare address of the account, `romeo@a.test`; undefined for strangers. */
  readonly account: string | undefined
  readonly resource: string | undefined
  readonly stage: Stage
  readonly transport: 'tcp' | 'starttls' | 'tls' | 'websocket'
  readonly priority: number | undefined
  readonly carbons: boolean
  readonly roster: boolean
  readonly sm: 'no' | 'auto' | 'manual'
  /** Addresses in the certificate that it shows in TLS; undefined: it shows none. */
  readonly certificate: readonly string[] | undefined
  /** Another server that connects to ours, or that ours connects to; an external component (XEP-0114); `no` for clients. */
  readonly server: 'no' | 'dials' | 'is dialled' | 'is a component'
  /** The domain of another server, or of a component. */
  readonly domain: string | undefined
  /** Which certificate another server shows under TLS. */
  readonly shows: CertificateKind
}

/** Certificates of other servers: of an authority that is trusted here unless it says otherwise. */
export type CertificateKind = 'good' | 'expired' | 'of another name' | 'self-signed' | 'none'

/** A state of affairs before the play, set up over the protocol: who is subscribed to whose presence. */
export interface Given {
  readonly kind: 'friends' | 'follows'
  readonly first: string
  readonly second: string
}

/** What a step does; each is a sentence of the play. */
export type Verb =
  | 'connects'
  | 'opens a stream'
  | 'secures the stream'
  | 'upgrades to TLS'
  | 'authenticates'
  | 'binds'
  | 'sends'
  | 'sends bytes'
  | 'receives'
  | 'receives nothing'
  | 'does not receive'
  | 'stream is closed'
  | 'connection ends'
  | 'closes'
  | 'cuts the wire'
  | 'stops reading'
  | 'reads again'
  | 'ignores what came'
  | 'decodes to'
  | 'waits'
  | 'server restarts'
  | 'is dialled'
  | 'is not dialled'
  | 'answers the stream'

/** How `receives` chooses among what came. */
export type Receiving = 'in order' | 'in any order' | 'among others'

/** One sentence with the indented text below it. */
export interface Step {
  readonly line: number
  readonly text: string
  readonly verb: Verb
  readonly actors: readonly string[]
  /** The variable part of the sentence: a domain, options, a condition, milliseconds. */
  readonly argument: string
  readonly receiving: Receiving
  readonly exactly: boolean
  readonly body: readonly string[]
}

/** A whole play. */
export interface Play {
  readonly title: string
  /** Identifier of the behaviour shown, such as `RT-04`. */
  readonly rule: string
  /** The sections it rests on. */
  readonly spec: string
  /** The alternative taken where the specification leaves a choice. */
  readonly choice: string | undefined
  /** What the server must be configured with, by name: `require-tls` → `true`. */
  readonly server: Readonly<Record<string, string>>
  readonly given: readonly Given[]
  readonly cast: readonly CastMember[]
  readonly steps: readonly Step[]
}

/** A play that cannot be read; the message names line and reason. */
export class PlaySyntaxError extends Error {
  override readonly name = 'PlaySyntaxError'
  readonly line: number

  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`)
    this.line = line
  }
}

interface Sentence {
  readonly line: number
  readonly text: string
  readonly body: string[]
}

const headers = ['play', 'rule', 'choice', 'server', 'given', 'cast']

/**
 * Reads the text of a play.
 *
 * @throws {PlaySyntaxError} a header is missing or twice there, a sentence is not understood, or an unknown member acts
 */
export function parsePlay(text: string): Play {
  const header = new Map<string, Sentence>()
  const steps: Step[] = []
  for (const sentence of sentences(text)) {
    const word = /^\S+/.exec(sentence.text)?.[0] ?? ''
    if (!headers.includes(word)) {
      steps.push(parseStep(sentence))
      continue
    }
    if (header.has(word)) throw new PlaySyntaxError(sentence.line, `a second '${word}'`)
    header.set(word, sentence)
  }
  const value = (word: string) => {
    const sentence = header.get(word)
    return sentence && [sentence.text.slice(word.length), ...sentence.body].join(' ').trim()
  }
  const line = (word: string) => header.get(word)?.line ?? 1
  const title = value('play')
  if (!title) throw new PlaySyntaxError(line('play'), "no 'play' with a title")
  const rule = /^([A-Z][A-Z0-9]*-\d+),\s*(\S.*)$/.exec(value('rule') ?? '')
  if (!rule)
    throw new PlaySyntaxError(line('rule'), "no 'rule' with an identifier and a section: rule  RT-04, RFC 6121 §8.5.2")
  const cast = list(value('cast')).map(entry => parseCastMember(entry, line('cast')))
  if (cast.length === 0) throw new PlaySyntaxError(line('cast'), 'nobody is cast')
  if (steps.length === 0) throw new PlaySyntaxError(1, 'nothing happens')
  checkActors(steps, cast)
  return {
    title,
    rule: rule[1] ?? '',
    spec: rule[2] ?? '',
    choice: value('choice'),
    server: Object.fromEntries(split(value('server')).map(parseNeed)),
    given: split(value('given')).map(entry => parseGiven(entry, line('given'))),
    cast,
    steps,
  }
}

function sentences(text: string): Sentence[] {
  const found: Sentence[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd()
    if (line === '' || line.startsWith('#')) continue
    if (!/^\s/.test(line)) found.push({ line: index + 1, text: line, body: [] })
    else if (found.length === 0) throw new PlaySyntaxError(index + 1, 'indented text without a sentence above it')
    else found.at(-1)?.body.push(line.trimStart())
  }
  return found
}

function checkActors(steps: readonly Step[], cast: readonly CastMember[]): void {
  const known = new Set(cast.map(member => member.name))
  for (const step of steps) {
    const stranger = step.actors.find(actor => actor !== 'everyone' && !known.has(actor))
    if (stranger !== undefined) throw new PlaySyntaxError(step.line, `'${stranger}' is not in the cast`)
  }
}

const split = (text = '') =>
  text
    .split(',')
    .map(entry => entry.trim())
    .filter(entry => entry !== '')

/** Entries apart by white space, each with an optional list in parentheses. */
const list = (text = '') => text.match(/[^\s()]+(?:\s*\([^()]*\))?/g) ?? []

function parseNeed(entry: string): [string, string] {
  const [name = '', value = 'true'] = entry.split('=').map(part => part.trim())
  return [name, value]
}

function parseGiven(entry: string, line: number): Given {
  const friends = /^(\S+) and (\S+) are friends$/.exec(entry)
  if (friends) return { kind: 'friends', first: account(friends[1] ?? ''), second: account(friends[2] ?? '') }
  const follows = /^(\S+) follows (\S+)$/.exec(entry)
  if (follows) return { kind: 'follows', first: account(follows[1] ?? ''), second: account(follows[2] ?? '') }
  throw new PlaySyntaxError(line, `not understood: given ${entry}`)
}

/** `romeo` is of a.test; `juliet@b.test` says where it is from. */
const account = (name: string) => (name.includes('@') ? name : `${name}@a.test`)

const stages: Record<string, Stage> = {
  away: 'away',
  wire: 'wire',
  stream: 'stream',
  secured: 'secured',
  'not bound': 'authenticated',
  'no presence': 'bound',
}

const transports: Record<string, CastMember['transport']> = {
  plain: 'tcp',
  starttls: 'starttls',
  'direct tls': 'tls',
  websocket: 'websocket',
}

const certificates: Record<string, CertificateKind> = {
  'expired certificate': 'expired',
  'certificate for another domain': 'of another name',
  'self-signed certificate': 'self-signed',
  'no certificate': 'none',
}

/** Reads `name/resource (option, option)`. */
function parseCastMember(entry: string, line: number): CastMember {
  const [, name = '', options] = /^([^\s()]+)\s*(?:\((.*)\))?$/.exec(entry) ?? []
  const slash = name.indexOf('/')
  const given = parseOptions(options, line)
  if (given.server !== 'no') {
    const stage = given.server === 'is dialled' ? 'away' : arrival(given)
    return { ...given, name, account: undefined, resource: undefined, domain: name.split('/')[0], stage }
  }
  const stranger = slash < 0 && !name.includes('@')
  const member = {
    name,
    account: stranger ? undefined : account(slash < 0 ? name : name.slice(0, slash)),
    resource: slash < 0 ? undefined : name.slice(slash + 1),
    ...given,
  }
  if (stranger && !['away', 'wire', 'stream', 'secured'].includes(member.stage)) return { ...member, stage: 'wire' }
  return member
}

/** How far one comes that has no presence: components show their handshake, servers prove themselves in the play. */
function arrival({ server, stage }: Pick<CastMember, 'server' | 'stage'>): Stage {
  if (stage !== 'present') return stage
  return server === 'is a component' ? 'bound' : 'wire'
}

/** Reads what stands in the parentheses after a cast member. */
export function parseOptions(
  options: string | undefined,
  line: number,
): Omit<CastMember, 'name' | 'account' | 'resource'> {
  const result = {
    stage: 'present' as Stage,
    transport: 'tcp' as CastMember['transport'],
    priority: undefined as number | undefined,
    carbons: false,
    roster: false,
    sm: 'no' as CastMember['sm'],
    certificate: undefined as CastMember['certificate'],
    server: 'no' as CastMember['server'],
    domain: undefined as string | undefined,
    shows: 'good' as CertificateKind,
  }
  for (const option of split(options)) {
    const priority = /^priority (-?\d+)$/.exec(option)?.[1]
    const certificate = /^certificate of (.+)$/.exec(option)?.[1]
    if (certificate !== undefined) result.certificate = certificate === 'nobody' ? [] : certificate.split(' and ')
    else if (priority !== undefined) result.priority = Number(priority)
    else if (stages[option]) result.stage = stages[option]
    else if (transports[option]) result.transport = transports[option]
    else if (option === 'carbons') result.carbons = true
    else if (option === 'roster') result.roster = true
    else if (option === 'sm') result.sm = 'auto'
    else if (option === 'sm by hand') result.sm = 'manual'
    else if (option === 'server') result.server = 'dials'
    else if (option === 'dialled server') result.server = 'is dialled'
    else if (option === 'component') result.server = 'is a component'
    else if (certificates[option]) result.shows = certificates[option]
    else throw new PlaySyntaxError(line, `unknown option (${option})`)
  }
  return result
}

/** Each pattern may have a group `actors` and a group `argument`. */
const grammar: readonly (readonly [Verb, RegExp, ('xml' | 'perhaps xml')?])[] = [
  ['server restarts', /^the server restarts$/],
  ['waits', /^(?:wait|waits) at most (?<argument>\d+) s$/],
  ['decodes to', /^(?<argument>[\w-]+) decodes to$/, 'xml'],
  ['stream is closed', /^(?<actors>.+?)'s stream is closed(?: with (?<argument><[\w-]+\/>(?: or <[\w-]+\/>)*))?$/],
  ['connection ends', /^(?<actors>.+?)'s connection ends$/],
  ['connects', /^(?<actors>.+?) connects?(?: \((?<argument>.*)\))?$/],
  ['opens a stream', /^(?<actors>.+?) opens? a stream to (?<argument>\S+)$/],
  ['secures the stream', /^(?<actors>.+?) secures? the stream$/],
  ['upgrades to TLS', /^(?<actors>.+?) upgrades? to TLS$/],
  ['authenticates', /^(?<actors>.+?) authenticates? as (?<argument>\S+)$/],
  ['binds', /^(?<actors>.+?) binds? (?<argument>\S+)$/],
  ['sends bytes', /^(?<actors>.+?) sends? bytes$/, 'xml'],
  ['sends', /^(?<actors>.+?) sends?$/, 'xml'],
  ['does not receive', /^(?<actors>.+?) (?:does|do) not receive$/, 'xml'],
  ['receives nothing', /^(?<actors>.+?) receives? nothing(?: more)?$/],
  ['receives', /^(?<actors>.+?) receives?(?<how>(?: exactly)?(?: in any order| among others)?)$/, 'xml'],
  ['closes', /^(?<actors>.+?) closes?$/],
  ['cuts the wire', /^(?<actors>.+?) cuts? the wire$/],
  ['stops reading', /^(?<actors>.+?) stops? reading$/],
  ['reads again', /^(?<actors>.+?) reads? again$/],
  ['is dialled', /^(?<actors>.+?) (?:is|are) dialled$/],
  ['is not dialled', /^(?<actors>.+?) (?:is|are) not dialled$/],
  ['answers the stream', /^(?<actors>.+?) answers? the stream as (?<argument>\S+)$/, 'perhaps xml'],
  ['ignores what came', /^(?<actors>.+?) ignores? what came$/],
]

function parseStep(sentence: Sentence): Step {
  for (const [verb, pattern, body] of grammar) {
    const match = pattern.exec(sentence.text)
    if (!match) continue
    if (body === 'xml' && sentence.body.length === 0)
      throw new PlaySyntaxError(sentence.line, 'what? The lines below are missing')
    if (body === undefined && sentence.body.length > 0)
      throw new PlaySyntaxError(sentence.line, 'this sentence takes no text below it')
    const { actors, argument, how } = match.groups ?? {}
    return {
      line: sentence.line,
      text: sentence.text,
      verb,
      actors: actors === undefined ? [] : actors.split(/ and |, /).map(actor => actor.trim()),
      argument: argument ?? '',
      receiving: how?.includes('in any order')
        ? 'in any order'
        : how?.includes('among others')
          ? 'among others'
          : 'in order',
      exactly: how?.includes('exactly') ?? false,
      body: sentence.body,
    }
  }
  throw new PlaySyntaxError(sentence.line, `not understood: ${sentence.text}`)
}
