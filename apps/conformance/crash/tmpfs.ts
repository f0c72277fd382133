/** A small file system in memory, to be filled up. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A mounted tmpfs; unmounted when it is disposed of. */
export class Tmpfs implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'tercet-tmpfs-'))
  readonly #filler = join(this.path, 'filler')

  /** @throws {Error} it cannot be mounted, which needs root */
  constructor(mebibytes: number) {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', this.path])
    if (status === 0) return
    rmSync(this.path, { recursive: true })
    throw new Error(`This test mounts a tmpfs, which needs root (or CAP_SYS_ADMIN): ${String(stderr).trim()}`)
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  /** Takes all space but `leftBytes`. */
  fill(leftBytes: number): void {
    writeFileSync(this.#filler, Buffer.alloc(Math.max(0, this.freeBytes - leftBytes)))
  }

  /** Gives the space back. */
  clear(): void {
    rmSync(this.#filler)
  }

  [Symbol.dispose](): void {
    if (spawnSync('umount', [this.path]).status !== 0) spawnSync('umount', ['--lazy', this.path])
    rmSync(this.path, { recursive: true, force: true })
  }
}
