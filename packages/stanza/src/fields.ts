// The parts of an element that a codec declares: attributes, texts, children, flags, content, conditions.
import { Element } from '@tercet/xml'
import type { Codec } from './codec.ts'
import { DecodeError, relocated } from './decode-error.ts'
import { type Scalar, string } from './scalars.ts'

/** An element being written: fields add to its attributes (name, value, …) and children. */
export interface Draft {
  readonly ns: string
  readonly attrs: string[]
  readonly children: (Element | string)[]
}

/** One property of a payload: where it stands in the element. Payload files may make their own. */
export interface Field<T> {
  // Methods, not properties: a Field<string> must count as a Field<unknown> in a table of fields.
  /** @throws {DecodeError} missing or malformed */
  read(from: Element): T
  write(value: T, into: Draft): void
}

/** A field that may be absent: its property may be left out. */
export interface OptionalField<T> extends Field<T | undefined> {
  readonly mayBeAbsent: true
}

/** A field that must be there, with its milder forms. */
export interface Single<T> extends Field<T> {
  /** May be absent, then `undefined`; malformed is still refused. */
  readonly optional: OptionalField<T>
  /** May be absent, and malformed counts as absent: for what a specification says to ignore. */
  readonly lenient: OptionalField<T>
  /** Reads `fallback` where it is absent, and leaves it out when it has that value. */
  or(fallback: T): Field<T>
}

/** A field whose element may occur several times: the first one counts, or all of them. */
export interface Repeatable<T> extends Single<T> {
  /** All of them, in order; none is an empty list. */
  readonly many: Field<readonly T[]>
}

/** Where a single value stands. */
interface Place<T> {
  readonly path: string
  readonly is: string
  readonly find: (from: Element) => T | undefined
  readonly put: (value: T, into: Draft) => void
}

/** An attribute; `xml:lang` is named so. */
export function attr(name: string): Single<string>
export function attr<T>(name: string, type: Scalar<T>): Single<T>
export function attr(name: string, type: Scalar<unknown> = string): Single<unknown> {
  const path = `@${name}`
  return single({
    path,
    is: type.is,
    find(from) {
      const text = from.attr(name)
      return text === undefined ? undefined : parse(type, text, path)
    },
    put: (value, into) => void into.attrs.push(name, type.write(value)),
  })
}

/** The text of a child element in the namespace of its parent. */
export function text(name: string): Repeatable<string>
export function text<T>(name: string, type: Scalar<T>): Repeatable<T>
export function text(name: string, type: Scalar<unknown> = string): Repeatable<unknown> {
  return repeatable({
    path: name,
    is: type.is,
    ns: undefined,
    name,
    read: child => parse(type, child.text(), name),
    write: (value, ns) => new Element(name, ns, [], spell(type, value)),
  })
}

/** A child element with a shape of its own. */
export function child<T>(codec: Codec<T>): Repeatable<T> {
  return repeatable({
    path: codec.name,
    is: `a ${codec.name} element`,
    ns: codec.ns,
    name: codec.name,
    read: element => codec.read(element),
    write: value => codec.write(value),
  })
}

/** Whether an empty child element is there, in the namespace of its parent unless `ns` is given. */
export function flag(name: string, ns?: string): Field<boolean> {
  return {
    read: from => from.child(name, ns ?? from.ns) !== undefined,
    write(value, into) {
      if (value) into.children.push(new Element(name, ns ?? into.ns))
    },
  }
}

/** The element's own text; an empty one counts as absent where the field is optional. */
export function content(): Single<string>
export function content<T>(type: Scalar<T>): Single<T>
export function content(type: Scalar<unknown> = string): Single<unknown> {
  const path = 'text()'
  const own = single<unknown>({
    path,
    is: type.is,
    find(from) {
      const text = from.text()
      return text === '' ? undefined : parse(type, text, path)
    },
    put: (value, into) => void into.children.push(...spell(type, value)),
  })
  return { ...own, read: from => parse(type, from.text(), path) }
}

/** All child elements as they are. */
export function elements(): Field<readonly Element[]> {
  return { read: from => from.elements(), write: (value, into) => void into.children.push(...value) }
}

/**
 * The first child element that is not `<text/>`, by its name: an error condition. `known` turns the name into a value, `undefined`
 * refuses it. It stands in `options.ns`, by default its parent's; `options.absent` is read where there is none.
 */
export function named<T extends string>(
  known: (name: string) => T | undefined,
  options: { readonly ns?: string; readonly absent?: NoInfer<T> } = {},
): Single<T> {
  const path = '*'
  const is = 'a known name'
  const find = (from: Element): T | undefined => {
    const element = from.elements().find(one => one.ns === (options.ns ?? from.ns) && one.name !== 'text')
    if (!element) return options.absent
    const value = known(element.name)
    if (value === undefined) throw new DecodeError(path, 'malformed', is)
    return value
  }
  const put = (name: T, into: Draft): void => void into.children.push(new Element(name, options.ns ?? into.ns))
  return single({ path, is, find, put })
}

function single<T>(place: Place<T>): Single<T> {
  const writeIfThere = (value: T | undefined, into: Draft): void => {
    if (value !== undefined) place.put(value, into)
  }
  return {
    read(from) {
      const value = place.find(from)
      if (value === undefined) throw new DecodeError(place.path, 'missing', place.is)
      return value
    },
    write: place.put,
    optional: { mayBeAbsent: true, read: from => place.find(from), write: writeIfThere },
    lenient: { mayBeAbsent: true, read: from => findOrIgnore(place, from), write: writeIfThere },
    or: fallback => ({
      read: from => place.find(from) ?? fallback,
      write(value, into) {
        if (value !== fallback) place.put(value, into)
      },
    }),
  }
}

function findOrIgnore<T>(place: Place<T>, from: Element): T | undefined {
  try {
    return place.find(from)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** An element that may repeat; `ns` undefined is the parent's. */
interface Kind<T> {
  readonly path: string
  readonly is: string
  readonly ns: string | undefined
  readonly name: string
  read(element: Element): T
  write(value: T, ns: string): Element
}

function repeatable<T>(kind: Kind<T>): Repeatable<T> {
  const put = (value: T, into: Draft): void => void into.children.push(kind.write(value, kind.ns ?? into.ns))
  return {
    ...single({
      path: kind.path,
      is: kind.is,
      find(from: Element) {
        const element = from.child(kind.name, kind.ns ?? from.ns)
        return element && kind.read(element)
      },
      put,
    }),
    many: {
      read(from) {
        const found: T[] = []
        const ns = kind.ns ?? from.ns
        for (const element of from.children) {
          if (typeof element === 'string' || element.name !== kind.name || element.ns !== ns) continue
          try {
            found.push(kind.read(element))
          } catch (error) {
            // The place among its siblings, counted from 1: `item/@jid` becomes `item[2]/@jid`.
            throw relocated(error, path => `${kind.name}[${found.length + 1}]${path.slice(kind.name.length)}`)
          }
        }
        return found
      },
      write(values, into) {
        for (const value of values) put(value, into)
      },
    },
  }
}

function parse<T>(type: Scalar<T>, text: string, path: string): T {
  const value = type.read(text)
  if (value === undefined) throw new DecodeError(path, 'malformed', type.is)
  return value
}

/** The text as children: an empty one needs no node. */
function spell<T>(type: Scalar<T>, value: T): string[] {
  const text = type.write(value)
  return text === '' ? [] : [text]
}
