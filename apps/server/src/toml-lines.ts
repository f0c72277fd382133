/** Where the keys of a TOML document stand (TOML 1.0), for error texts: the parser we use keeps no positions. */

/** Names and indexes from the root of a document to a value. */
export type Path = readonly (string | number)[]

const SEPARATOR = '\0'

/**
 * Finds the line of every key and list element in `source`, which a parser has accepted. On any other text it finds something, and
 * ends.
 */
export function tomlLines(source: string): TomlLines {
  const scan = new Scan(source)
  scan.document()
  return new TomlLines(scan.lines)
}

/** Lines by path, counted from 1. */
export class TomlLines {
  readonly #lines: ReadonlyMap<string, number>

  constructor(lines: ReadonlyMap<string, number>) {
    this.#lines = lines
  }

  /** The line of `path`; of the nearest table around it if it is not in the document; 1 if there is none. */
  line(path: Path): number {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lines.get(path.slice(0, length).join(SEPARATOR))
      if (line !== undefined) return line
    }
    return 1
  }
}

class Scan {
  readonly lines = new Map<string, number>()
  readonly #source: string
  /** Elements so far of each list of tables. */
  readonly #counts = new Map<string, number>()
  #at = 0
  #line = 1
  #lineAt = 0

  constructor(source: string) {
    this.#source = source
  }

  document(): void {
    let table: Path = []
    while (this.#more()) {
      const before = this.#at
      if (this.#peek() === '[') table = this.#header()
      else this.#pair(table)
      if (this.#at === before) this.#at++
    }
  }

  #peek(): string {
    return this.#source[this.#at] ?? ''
  }

  /** Skips white space, line ends and comments. False: nothing else is left. */
  #more(): boolean {
    this.#skip(/[ \t\r\n]*(?:#[^\n]*[ \t\r\n]*)*/y)
    return this.#at < this.#source.length
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [text = ''] = pattern.exec(this.#source) ?? []
    this.#at += text.length
    return text
  }

  #note(path: Path): void {
    for (; this.#lineAt < this.#at; this.#lineAt++) if (this.#source[this.#lineAt] === '\n') this.#line++
    const key = path.join(SEPARATOR)
    if (!this.lines.has(key)) this.lines.set(key, this.#line)
  }

  #header(): Path {
    const isList = this.#source.startsWith('[[', this.#at)
    this.#at += isList ? 2 : 1
    const names = this.#names()
    const path: (string | number)[] = []
    for (const [index, name] of names.entries()) {
      path.push(name)
      this.#note(path)
      const list = path.join(SEPARATOR)
      const count = this.#counts.get(list)
      if (isList && index === names.length - 1) {
        this.#counts.set(list, (count ?? 0) + 1)
        path.push(count ?? 0)
        this.#note(path)
      } else if (count !== undefined) {
        path.push(count - 1)
      }
    }
    this.#skip(/\s*\]{0,2}/y)
    return path
  }

  #pair(table: Path): void {
    const path = [...table]
    for (const name of this.#names()) {
      path.push(name)
      this.#note(path)
    }
    this.#skip(/[ \t]*=?[ \t]*/y)
    this.#value(path, 0)
  }

  /** A dotted key. */
  #names(): string[] {
    const names: string[] = []
    do {
      this.#skip(/[ \t]*/y)
      const quote = this.#peek()
      if (quote === '"' || quote === "'") names.push(unquoted(this.#skip(/"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?/y)))
      else names.push(this.#skip(/[A-Za-z0-9_-]*/y))
    } while (this.#skip(/[ \t]*\./y) !== '')
    return names
  }

  #value(path: Path, depth: number): void {
    const first = this.#peek()
    if (first === '"' || first === "'") {
      this.#skip(/"""(?:[^"\\]|\\[^]|"(?!""))*"{0,5}|'''(?:[^']|'(?!''))*'{0,5}|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?/y)
    } else if ((first === '[' || first === '{') && depth < 100) {
      this.#inside(path, first === '[' ? ']' : '}', depth + 1)
    } else {
      this.#skip(/[^,\]}#\n]*/y)
    }
  }

  /** The elements of a list, or the pairs of an inline table. */
  #inside(path: Path, end: ']' | '}', depth: number): void {
    this.#at++
    for (let index = 0; ; index++) {
      if (!this.#more()) return
      const before = this.#at
      if (this.#peek() === end) {
        this.#at++
        return
      }
      if (end === '}') {
        this.#pair(path)
      } else {
        const element = [...path, index]
        this.#note(element)
        this.#value(element, depth)
      }
      this.#more()
      if (this.#peek() === ',') this.#at++
      if (this.#at === before) return
    }
  }
}

function unquoted(text: string): string {
  if (text.startsWith("'")) return text.slice(1, text.endsWith("'") && text.length > 1 ? -1 : undefined)
  try {
    return String(JSON.parse(text))
  } catch {
    return text // an escape that JSON does not know: only the line of this key is lost
  }
}
