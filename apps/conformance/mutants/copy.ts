/** A copy of the working tree to break things in: sources of its own, dependencies shared. */
import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Edit } from './mutant.ts'

const notCopied = new Set(['.git', '.turbo', '.vitest', 'coverage', 'dist'])
const dependencies = 'node_modules'
/** What pnpm keeps there; the rest that begins with a dot are caches. */
const shared = new Set(['.bin', '.pnpm'])

/** A working tree that may be broken. */
export class Copy implements AsyncDisposable {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  /** Copies the tree at `root` as it is now, committed or not. */
  static async of(root: string): Promise<Copy> {
    const copy = new Copy(await realpath(await mkdtemp(join(tmpdir(), 'mutants-'))))
    try {
      await copy.#fill(root)
      return copy
    } catch (error) {
      await copy[Symbol.asyncDispose]()
      throw error
    }
  }

  async #fill(root: string): Promise<void> {
    for (const entry of await readdir(root)) {
      if (notCopied.has(entry) || entry === dependencies) continue
      // The links between our packages are relative: kept as they are they lead into the copy.
      const options = { recursive: true, verbatimSymlinks: true, filter: wanted }
      await cp(join(root, entry), join(this.root, entry), options)
    }
    await mkdir(join(this.root, dependencies))
    for (const entry of await readdir(join(root, dependencies))) {
      if (entry.startsWith('.') && !shared.has(entry)) continue
      await symlink(join(root, dependencies, entry), join(this.root, dependencies, entry))
    }
    const neighbour = await realpath(join(this.root, 'packages/server', dependencies, '@tercet/stream'))
    if (neighbour !== join(this.root, 'packages/stream')) throw new Error(`The copy would run ${neighbour}`)
  }

  /** Makes the edits, runs, and takes them back. @throws {Error} an edit does not fit */
  async with<T>(edits: readonly Edit[], run: () => Promise<T>): Promise<T> {
    const originals = new Map<string, string>()
    try {
      for (const edit of edits) {
        const path = join(this.root, edit.file)
        const text = await readFile(path, 'utf8')
        if (!originals.has(path)) originals.set(path, text)
        await writeFile(path, applied(text, edit))
      }
      return await run()
    } finally {
      for (const [path, text] of originals) await writeFile(path, text)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true })
  }
}

/** The text with the edit made. @throws {Error} it is not there exactly once */
export function applied(text: string, { file, find, replace }: Edit): string {
  const found = text.split(find).length - 1
  if (found !== 1) throw new Error(`${file} has ${found} times, not once: ${find}`)
  return text.replace(find, () => replace)
}

function wanted(path: string): boolean {
  return !notCopied.has(basename(path))
}
