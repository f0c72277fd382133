/** Typed keys for what modules remember about a session. */

/** Names a value of a session and carries its type. Identity is the value, the name is for people. */
export interface SessionKey<T> {
  readonly name: string
  /** Carries the value's type; never set. */
  readonly type?: T
}

/** Declares a key: `const wanted = sessionKey<boolean>('carbons')`. */
export function sessionKey<T>(name: string): SessionKey<T> {
  return { name }
}
