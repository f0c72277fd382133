/** Performs a play on a server: each sentence is done in turn, and the first that does not come true ends it. */
import { Actor, describe, ping, PlayError, streamCondition } from './actor.ts'
import type { Stagehouse } from './actor.ts'
import { evaluate, fill, toBytes } from './expression.ts'
import { setGiven } from './given.ts'
import { difference, valueDifference } from './match.ts'
import type { CastMember, Play, Step } from './play-parser.ts'
import { parseOptions } from './play-parser.ts'
import { stageNames } from './stage-names.ts'
import type { StageNames } from './stage-names.ts'
import type { Item } from './inbox.ts'
import { readFragment } from './xml.ts'
import type { XmlElement } from './xml.ts'

/** Where and how a play is performed. */
export interface PerformOptions {
  readonly house: Stagehouse
  /** Number of this play among those that share the server; its accounts are named after it. */
  readonly index: number
  /** For `the server restarts`. */
  readonly restart?: () => Promise<void>
}

/**
 * The accounts a play needs to exist before it begins, as bare addresses on the wire.
 */
export function accountsOf(play: Play, index: number): string[] {
  const names = stageNames(index)
  const cast = play.cast.flatMap(member => (member.account === undefined ? [] : [member.account]))
  const given = play.given.flatMap(({ first, second }) => [first, second])
  return [...new Set([...cast, ...given])].map(account => names.toWire(account))
}

/** The domains on the wire of the other servers of a play: the server under test has to find them at the house's doors. */
export function remotesOf(play: Play, index: number): string[] {
  const names = stageNames(index)
  return domainsOf(play, names, server => server !== 'no' && server !== 'is a component')
}

/** The domains on the wire of the components of a play: the server under test has to know them, with its password for a secret. */
export function componentsOf(play: Play, index: number): string[] {
  return domainsOf(play, stageNames(index), server => server === 'is a component')
}

function domainsOf(play: Play, names: StageNames, wanted: (server: CastMember['server']) => boolean): string[] {
  const members = play.cast.filter(({ server }) => wanted(server))
  return [...new Set(members.flatMap(({ domain }) => (domain === undefined ? [] : [names.toWire(domain)])))]
}

/**
 * Performs a play.
 *
 * @throws {PlayError} a sentence did not come true; the message has its line
 */
export async function perform(play: Play, options: PerformOptions): Promise<void> {
  const stage = new Performance(play, options)
  try {
    await stage.run()
  } finally {
    stage.leave()
  }
}

class Performance {
  readonly #play: Play
  readonly #options: PerformOptions
  readonly #names: StageNames
  readonly #actors = new Map<string, Actor>()
  readonly #captures = new Map<string, string>()

  constructor(play: Play, options: PerformOptions) {
    this.#play = play
    this.#options = options
    this.#names = stageNames(options.index)
    for (const member of play.cast) {
      this.#actors.set(member.name, new Actor(member, options.house, this.#names, this.#captures))
    }
  }

  async run(): Promise<void> {
    await this.#told('given', async () => {
      for (const given of this.#play.given) await setGiven(given, this.#options.house, this.#names)
    })
    await this.#told('cast', async () => {
      for (const actor of this.#actors.values()) await actor.enter()
      await this.#settle()
      for (const actor of this.#actors.values()) if (actor.bound) actor.wire?.inbox.clear()
    })
    for (const step of this.#play.steps) await this.#told(`line ${step.line}, ${step.text}`, () => this.#do(step))
  }

  leave(): void {
    for (const actor of this.#actors.values()) actor.wire?.cut()
  }

  async #told(where: string, run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new PlayError(`${where}: ${message}`, { cause })
    }
  }

  #actor(name: string): Actor {
    const actor = this.#actors.get(name)
    if (!actor) throw new PlayError(`${name} is not in the cast`)
    return actor
  }

  async #do(step: Step): Promise<void> {
    if (step.verb === 'server restarts') return this.#options.restart?.()
    if (step.verb === 'waits') {
      for (const actor of this.#actors.values()) actor.patienceMs = Number(step.argument) * 1000
      return
    }
    if (step.verb === 'decodes to') {
      this.#decodes(step)
      return
    }
    const named = step.actors[0] === 'everyone' ? [...this.#actors.keys()] : step.actors
    for (const name of named) await this.#act(this.#actor(name), step)
  }

  async #act(actor: Actor, step: Step): Promise<void> {
    switch (step.verb) {
      case 'connects':
        if (step.argument) {
          const { server, domain } = actor.member
          actor.member = { ...actor.member, ...parseOptions(step.argument, step.line), server, domain }
        }
        return actor.enter(actor.member.stage === 'away' ? 'present' : actor.member.stage)
      case 'is dialled':
        return actor.beDialled()
      case 'is not dialled':
        await this.#settle()
        if (actor.door?.knocked) throw new PlayError('somebody connected')
        return
      case 'answers the stream':
        return actor.answerStream(step.argument, fill(join(step.body), actor.scope))
      case 'opens a stream':
        await actor.openStream(step.argument)
        return
      case 'secures the stream':
        return actor.secure()
      case 'upgrades to TLS':
        return actor.wire?.upgrade()
      case 'authenticates':
        return actor.authenticate(step.argument.includes('@') ? step.argument : `${step.argument}@a.test`)
      case 'binds':
        return actor.bind(step.argument)
      case 'sends':
        return actor.send(fill(join(step.body), actor.scope))
      case 'sends bytes':
        for (const line of step.body) await actor.send(toBytes(this.#names.toWire(fill(line, actor.scope))))
        return
      case 'receives':
        return this.#receive(actor, step)
      case 'receives nothing':
        return this.#receiveNothing(actor)
      case 'does not receive':
        return this.#doesNotReceive(actor, step)
      case 'stream is closed':
        return this.#closed(actor, step.argument)
      case 'connection ends':
        return this.#ended(actor)
      case 'closes':
        await actor.send('</stream:stream>')
        return this.#closed(actor, '', 'ignore what still comes')
      case 'cuts the wire':
        actor.bound = false
        return actor.wire?.cut()
      case 'stops reading':
        return actor.wire?.pause()
      case 'reads again':
        return actor.wire?.resume()
      case 'ignores what came':
        await this.#settle(actor)
        return actor.wire?.inbox.clear()
      case 'decodes to':
      case 'waits':
      case 'server restarts':
        return
      default:
        step.verb satisfies never
    }
  }

  /** What was remembered, read as base64. */
  #decodes(step: Step): void {
    const encoded = this.#captures.get(step.argument)
    if (encoded === undefined) throw new PlayError(`nothing was remembered as {${step.argument}}`)
    const scope = [...this.#actors.values()][0]?.scope
    const wrong = valueDifference(step.body.join(''), Buffer.from(encoded, 'base64').toString(), {
      captures: this.#captures,
      evaluate: expression => (scope ? evaluate(expression, scope) : expression),
    })
    if (wrong) throw new PlayError(`it ${wrong}`)
  }

  async #receive(actor: Actor, step: Step): Promise<void> {
    const expected = readFragment(join(step.body), actor.ns)
    const options = {
      captures: this.#captures,
      exactly: step.exactly,
      evaluate: (expression: string) => evaluate(expression, actor.scope),
    }
    if (step.receiving === 'in order') {
      for (const element of expected) {
        const item = await actor.next()
        const wrong =
          item && 'element' in item ? difference(element, item.element, options) : 'something else was expected'
        if (wrong) throw new PlayError(`${wrong}; ${describe(item)}`)
      }
      return
    }
    const open = [...expected]
    const passed: string[] = []
    while (open.length > 0) {
      const item = await actor.next()
      if (!item || !('element' in item))
        throw new PlayError(`still missing ${open.length}; ${describe(item)}; before: ${passed.join(' ')}`)
      const index = open.findIndex(element => difference(element, item.element, options) === undefined)
      if (index >= 0) open.splice(index, 1)
      else if (step.receiving === 'in any order')
        throw new PlayError(`not expected: ${describe(item)}; ${reasons(open, item.element)}`)
      passed.push(describe(item))
    }
  }

  async #receiveNothing(actor: Actor): Promise<void> {
    await this.#settle(actor)
    const item = actor.wire?.inbox.pending.find(pending => !isAcknowledgement(pending))
    if (item) throw new PlayError(describe(item))
  }

  async #doesNotReceive(actor: Actor, step: Step): Promise<void> {
    await this.#settle(actor)
    const unwanted = readFragment(join(step.body), actor.ns)
    for (const item of actor.wire?.inbox.pending ?? []) {
      const found = 'element' in item && unwanted.some(element => difference(element, item.element) === undefined)
      if (found) throw new PlayError(describe(item))
    }
  }

  async #closed(actor: Actor, conditions: string, rest?: 'ignore what still comes'): Promise<void> {
    actor.bound = false
    const allowed = conditions.split(' or ').map(condition => condition.replaceAll(/[<>/]/g, ''))
    let found = ''
    for (;;) {
      const item = await actor.next()
      if (item?.kind === 'close') break
      const element = item && 'element' in item ? item.element : undefined
      if (element?.name === 'stream' || element?.name === 'features' || (item && isAcknowledgement(item))) continue
      if (rest && element && element.name !== 'error') continue
      if (element?.name !== 'error' || found !== '') throw new PlayError(describe(item))
      found = streamCondition(element)
    }
    if (!allowed.includes(found)) throw new PlayError(`the stream was closed with '${found}', not '${conditions}'`)
    return this.#ended(actor)
  }

  async #ended(actor: Actor): Promise<void> {
    actor.bound = false
    const item = await actor.next()
    if (item?.kind !== 'end') throw new PlayError(describe(item))
  }

  /**
   * Waits until everything that was sent so far has reached whom it concerns. No time passes blindly: each bound member asks
   * its own server and, when one member is to be watched, that member's account; both answers come after what was due before.
   */
  async #settle(watched?: Actor): Promise<void> {
    const bound = [...this.#actors.values()].filter(actor => actor.bound && !actor.wire?.inbox.ended)
    for (let round = 0; round < 2; round++) {
      await Promise.all(
        bound.map(async actor => {
          await actor.ask(ping(actor.domain))
          const account = watched === actor ? undefined : watched?.member.account
          if (account !== undefined) await actor.ask(ping(account))
        }),
      )
      if (watched?.bound) await watched.ask(ping(watched.domain))
      else if (watched) await this.#passOnce(watched)
    }
  }

  /** A stream cannot ask before it is bound: a second stream makes a whole round meanwhile. */
  async #passOnce(watched: Actor): Promise<void> {
    const other = new Actor(
      { ...watched.member, transport: 'tcp', server: 'no', domain: undefined },
      this.#options.house,
      this.#names,
      new Map(),
    )
    try {
      await other.enter('stream')
    } finally {
      other.wire?.cut()
    }
  }
}

/** A server may acknowledge unasked at any time (XEP-0198 §4). */
function isAcknowledgement(item: Item): boolean {
  return 'element' in item && item.element.ns === 'urn:xmpp:sm:3' && ['a', 'r'].includes(item.element.name)
}

function reasons(open: readonly XmlElement[], actual: XmlElement): string {
  return open.map(element => difference(element, actual)).join('; ')
}

/** Lines make one text: between tags nothing, inside a tag a space. */
function join(lines: readonly string[]): string {
  return lines.reduce((text, line) => (text === '' || text.endsWith('>') ? text + line : `${text} ${line}`), '')
}
