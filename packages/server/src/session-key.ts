/** Typed keys for what modules remember about a session. */

/** What JSON can carry: the value itself, or `never` where a type holds more than data. */
export type Plain<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends ((...args: never) => unknown) | ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>
    ? never
    : { [K in keyof T]: Plain<T[K]> }

/** How a value travels when its session goes on in another server. */
export interface SessionKeyForm<T> {
  /** As JSON can carry it; undefined: it does not travel, since it can be made anew. */
  write(value: T): unknown
  /** The value again; whoever holds it may have an older version of the module. */
  read(plain: unknown): T
}

/** Names a value of a session and carries its type. Identity is the value; the name, which nobody else uses, finds it in another server. */
export interface SessionKey<T> extends SessionKeyForm<T> {
  readonly name: string
}

/**
 * Declares a key: `const wanted = sessionKey<boolean>('carbons')`. All that a session knows has to travel with it, so that a value which is more
 * than data says how: `sessionKey<Set<string>>('directed presence', stringSet)`.
 */
export function sessionKey<T>(
  name: string,
  ...[form]: [T] extends [Plain<T>] ? [form?: SessionKeyForm<T>] : [form: SessionKeyForm<T>]
): SessionKey<T> {
  if (form) return { name, write: value => form.write(value), read: plain => form.read(plain) }
  // Without a form the type is plain.
  return { name, write: value => value, read: plain => plain as T }
}

/** A set of strings travels as a list. */
export const stringSet: SessionKeyForm<Set<string>> = {
  write: set => [...set],
  read: plain => new Set(plain as string[]),
}

/** What came with a session from another server and nobody has asked for yet, by the names of its keys. */
export const unread = sessionKey<Record<string, unknown>>('unread', { write: () => undefined, read: () => ({}) })
