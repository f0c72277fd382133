/** Worker: texts interned as integers, with caches that a rollback can take back. */

import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Some entry of this owner is older than its id says: no time is the end of a search by place. */
export const behindIds = 1
/** This owner has searched: there is an index to be kept. */
export const searched = 2

/** An owner of rows or entries. */
export interface Owner {
  readonly id: number
  flags: number
}

const maxCached = 50_000

/** Finds and makes integer keys. */
export class Names {
  readonly #scopes = new Map<string, number>()
  readonly #owners = new Map<string, Owner>()
  readonly #peers = new Map<string, number>()
  readonly #destinations = new Map<string, number>()
  readonly #epochs = new Map<string, number>()
  /** Cache entries that the running transaction made or changed. */
  readonly #touched: { cache: Map<string, unknown>; key: string }[] = []
  readonly #findScope: StatementSync
  readonly #addScope: StatementSync
  readonly #findOwner: StatementSync
  readonly #addOwner: StatementSync
  readonly #findPeer: StatementSync
  readonly #addPeer: StatementSync
  readonly #findDestination: StatementSync
  readonly #addDestination: StatementSync
  readonly #findEpoch: StatementSync
  readonly #addEpoch: StatementSync

  constructor(db: DatabaseSync) {
    this.#findScope = db.prepare('SELECT id FROM scope WHERE kind = ? AND name = ? AND host = ?')
    this.#addScope = db.prepare('INSERT INTO scope (kind, name, host) VALUES (?, ?, ?)')
    this.#findOwner = db.prepare('SELECT id, flags FROM owner WHERE scope = ? AND name = ?')
    this.#addOwner = db.prepare('INSERT INTO owner (scope, name) VALUES (?, ?)')
    this.#findPeer = db.prepare('SELECT id FROM peer WHERE name = ?')
    this.#addPeer = db.prepare('INSERT INTO peer (name) VALUES (?)')
    this.#findDestination = db.prepare('SELECT id FROM destination WHERE name = ?')
    this.#addDestination = db.prepare('INSERT INTO destination (name) VALUES (?)')
    this.#findEpoch = db.prepare('SELECT id FROM epoch WHERE text = ?')
    this.#addEpoch = db.prepare('INSERT INTO epoch (text) VALUES (?)')
  }

  scope(kind: 'table' | 'log', name: string, host: string): number {
    const key = `${kind}\0${name}\0${host}`
    return this.#intern(this.#scopes, key, this.#findScope, this.#addScope, [kind, name, host])
  }

  owner(kind: 'table' | 'log', name: string, host: string, owner: string): Owner {
    const scope = this.scope(kind, name, host)
    const key = `${scope}\0${owner}`
    let known = this.#owners.get(key)
    if (known !== undefined) return known
    const row = this.#findOwner.get(scope, owner)
    if (row === undefined) {
      known = { id: Number(this.#addOwner.run(scope, owner).lastInsertRowid), flags: 0 }
      this.#touched.push({ cache: this.#owners, key })
    } else known = { id: Number(row['id']), flags: Number(row['flags']) }
    remember(this.#owners, key, known)
    return known
  }

  /** Says that the running transaction changes what is cached of an owner. */
  changes(name: string, host: string, owner: string): void {
    this.#touched.push({ cache: this.#owners, key: `${this.scope('log', name, host)}\0${owner}` })
  }

  peer(name: string): number {
    return this.#intern(this.#peers, name, this.#findPeer, this.#addPeer, [name])
  }

  destination(name: string): number {
    return this.#intern(this.#destinations, name, this.#findDestination, this.#addDestination, [name])
  }

  epoch(text: string): number {
    return this.#intern(this.#epochs, text, this.#findEpoch, this.#addEpoch, [text])
  }

  committed(): void {
    this.#touched.length = 0
  }

  /** Forgets what the transaction made; it is read again from what the rollback left. */
  rolledBack(): void {
    for (const { cache, key } of this.#touched) cache.delete(key)
    this.#touched.length = 0
  }

  /** The same after a rollback to a savepoint: what the transaction made before it is read again, too. */
  rolledBackPart(): void {
    for (const { cache, key } of this.#touched) cache.delete(key)
  }

  #intern(cache: Map<string, number>, key: string, find: StatementSync, add: StatementSync, texts: string[]): number {
    const known = cache.get(key)
    if (known !== undefined) return known
    const row = find.get(...texts)
    const id = Number(row === undefined ? add.run(...texts).lastInsertRowid : row['id'])
    if (row === undefined) this.#touched.push({ cache, key })
    remember(cache, key, id)
    return id
  }
}

function remember<V>(cache: Map<string, V>, key: string, value: V): void {
  if (cache.size >= maxCached) cache.clear()
  cache.set(key, value)
}
