/** Tasks that give the server keys of a further hash, once it has proven itself (XEP-0480 0.2.0 §3), initiating side. */

import {
  MAX_ITERATIONS,
  MIN_ITERATIONS,
  SaslError,
  saltPassword,
  upgradeTaskName,
  type ScramHash,
  type SelectOptions,
} from '@tercet/sasl'
import { hash as answer, salt as question, upgrade } from '@tercet/stanza/sasl-upgrade'
import { authentication } from '@tercet/stanza/sasl2'
import type { Content, Element } from '@tercet/xml'
import { offered } from '../initiation.ts'

/** Keys of SHA-1 would make an account weaker, so nobody gets them. */
const HASHES: readonly ScramHash[] = ['SHA-512', 'SHA-256']
/** RFC 5802 leaves it open; a salt that is as good as none is not salted with. */
const LEAST_SALT_BYTES = 8

type UpgradeOptions = Pick<SelectOptions, 'credentials' | 'crypto' | 'maxIterations' | 'minIterations'>

/** The tasks of one login. */
export class Upgrades {
  readonly #options: UpgradeOptions
  /** Asked for and not done. */
  readonly #open: Map<string, ScramHash>
  #task: ScramHash | undefined

  /** @param login by a mechanism that shows that we know the password, to the server and nobody in between; else no task is asked for */
  constructor(
    options: UpgradeOptions,
    features: Content,
    login: { readonly mechanism: string; readonly secure: boolean },
  ) {
    const names = offered(features, authentication)?.upgrades ?? []
    const { mechanism, secure } = login
    const isForPasswords = mechanism === 'PLAIN' || mechanism.startsWith('SCRAM-')
    // Whoever reads the hash on its way can log in with it (§5).
    const isBetweenUs = secure || mechanism.endsWith('-PLUS')
    const wanted = isForPasswords && isBetweenUs && options.credentials.password !== undefined ? HASHES : []
    this.#options = options
    this.#open = new Map(
      wanted.map(hash => [upgradeTaskName(hash), hash] as const).filter(([name]) => names.includes(name)),
    )
  }

  /** What asks for them (§2.2). */
  get request(): readonly Element[] {
    return [...this.#open.keys()].map(name => upgrade.write(name))
  }

  /** Begins the task that the server wants next; gives its name. @throws {SaslError} it is none that we asked for */
  begin([name = '']: readonly string[]): string {
    this.#task = this.#open.get(name)
    if (!this.#open.delete(name)) throw doubt('The server demands more than we know how to do')
    return name
  }

  /** Our answer to what the server says to a task. @throws {SaslError} it wants something that is not safe */
  async answer(data: readonly Element[]): Promise<Element> {
    const hash = this.#task
    this.#task = undefined
    const element = data.find(({ name, ns }) => name === question.name && ns === question.ns)
    if (hash === undefined || !element) throw doubt('The server does not say what it wants')
    const { salt, iterations } = question.read(element)
    const { minIterations = MIN_ITERATIONS, maxIterations = MAX_ITERATIONS, credentials, crypto } = this.#options
    // As with a login: neither a password that is easily guessed from its hash, nor a minute of work (RFC 7677 §4).
    if (iterations < minIterations || iterations > maxIterations) throw doubt('The iteration count is not acceptable')
    if (salt.length < LEAST_SALT_BYTES) throw doubt('The salt is too short')
    return answer.write(await saltPassword(credentials.password ?? '', hash, salt, iterations, crypto))
  }
}

function doubt(text: string): SaslError {
  return new SaslError('not-authorized', { text })
}
