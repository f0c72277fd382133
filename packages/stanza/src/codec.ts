// The codec language: a payload's wire shape declared once, its TypeScript type inferred from it.
import { Element } from '@tercet/xml'
import { DecodeError, under } from './decode-error.ts'
import type { Draft, Field, OptionalField } from './fields.ts'

/** The identity of an element: its expanded name. */
export interface Named {
  readonly ns: string
  readonly name: string
}

/** How a payload is read from an element and written as one. */
export interface Codec<T> extends Named {
  // Methods, not properties: a Codec<string> must count as a Codec<unknown> in tables.
  /** @throws {DecodeError} another element, or a part of it missing or malformed */
  read(element: Element): T
  write(value: T): Element
}

/** The fields of an element, by property. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** The value of an element without fields: `{}`. */
export interface Empty {
  readonly [property: string]: never
}

type Value<F> = F extends OptionalField<infer T> ? T | undefined : F extends Field<infer T> ? T : never
type AbsentKey<F> = { [K in keyof F]: F[K] extends OptionalField<unknown> ? K : never }[keyof F]
type Flat<T> = { [K in keyof T]: T[K] }

/** The value that `fields` describe: optional fields become optional properties, everything is readonly. */
export type Read<F> = Flat<
  { readonly [K in Exclude<keyof F, AbsentKey<F>>]: Value<F[K]> } & { readonly [K in AbsentKey<F>]?: Value<F[K]> }
>

/**
 * A payload element. Unknown attributes and children are ignored; of repeated singletons the first one counts.
 *
 * The order of `fields` is the order in which they are written.
 */
export function element(ns: string, name: string): Codec<Empty>
export function element<F extends Fields>(ns: string, name: string, fields: F): Codec<Read<F>>
export function element(ns: string, name: string, fields: Fields = {}): Codec<Record<string, unknown>> {
  const entries = Object.entries(fields)
  return {
    ns,
    name,
    read(from) {
      expect(from, ns, name)
      const value: Record<string, unknown> = {}
      try {
        for (const [key, field] of entries) value[key] = field.read(from)
      } catch (error) {
        throw under(name, error)
      }
      return value
    },
    write(value) {
      const draft: Draft = { ns, attrs: [], children: [] }
      for (const [key, field] of entries) field.write(value[key], draft)
      return new Element(name, ns, draft.attrs, draft.children)
    },
  }
}

/** An element with a single part, like `<body/>` with its text: its value is that part. */
export function elementOf<T>(ns: string, name: string, field: Field<T>): Codec<T> {
  return {
    ns,
    name,
    read(from) {
      expect(from, ns, name)
      try {
        return field.read(from)
      } catch (error) {
        throw under(name, error)
      }
    },
    write(value) {
      const draft: Draft = { ns, attrs: [], children: [] }
      field.write(value, draft)
      return new Element(name, ns, draft.attrs, draft.children)
    },
  }
}

/** An element taken as it is, for payloads that somebody else understands. */
export function raw(ns: string, name: string): Codec<Element> {
  return {
    ns,
    name,
    read(from) {
      expect(from, ns, name)
      return from
    },
    write: value => value,
  }
}

/** @throws {DecodeError} `element` is another one */
function expect(element: Element, ns: string, name: string): void {
  if (element.name === name && element.ns === ns) return
  throw new DecodeError(element.name, 'unexpected', `<${name} xmlns='${ns}'/>`)
}
