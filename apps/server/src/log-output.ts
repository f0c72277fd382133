/** Where log lines go: to a descriptor whose reader may be slow, which must hold up nobody. */

import { writeSync } from 'node:fs'
import type { DestinationStream } from 'pino'

/** Bytes that wait for a slow reader, at most; then lines are left out. */
const MAX_WAITING = 4 * 1024 * 1024
/** How often a slow reader is tried again. */
const RETRY_MS = 20
/** How long after that it is said that lines were left out. */
const TELL_MS = 1000
/** How long the end of the process waits for it. */
const FAREWELL_MS = 1000

/** Options of {@link LogOutput}; tests set them. */
export interface LogOutputOptions {
  /** Writes as much as the reader takes and gives how many bytes that was. Default: to the standard output. */
  readonly write?: (bytes: Uint8Array) => number
  readonly maxWaiting?: number
}

/**
 * Writes lines before the call returns, so that none is missing after a crash. Only what the reader does not take waits, in order; so the
 * server goes on when a journal is slow or a terminal's pipe is full, and when the disk is full onto which the log goes.
 */
export class LogOutput implements DestinationStream {
  /** Hears that so many lines were left out, once there is room to say so. */
  onLeftOut: (lines: number) => void = () => {}
  readonly #write: (bytes: Uint8Array) => number
  readonly #maxWaiting: number
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #leftOut = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: LogOutputOptions = {}) {
    // To look at it is what makes a pipe one that does not block.
    const { fd } = process.stdout
    this.#write = options.write ?? (bytes => writeSync(fd, bytes))
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING
  }

  write(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#waiting.length === 0) {
      const rest = this.#take(bytes)
      if (rest) this.#keep(rest)
    } else if (this.#waitingBytes + bytes.length > this.#maxWaiting) this.#leaveOut()
    else this.#keep(bytes)
  }

  /** Waits for the reader, for a second: the process ends. */
  flush(): void {
    const end = performance.now() + FAREWELL_MS
    while (!this.#drain() && performance.now() < end) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  }

  #keep(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#later(RETRY_MS)
  }

  #leaveOut(): void {
    this.#leftOut++
    this.#later(TELL_MS)
  }

  #later(ms: number): void {
    if (this.#timer) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (this.#drain()) this.#tell()
      else this.#later(RETRY_MS)
    }, ms).unref()
  }

  #tell(): void {
    const lines = this.#leftOut
    if (lines === 0) return
    this.#leftOut = 0
    this.onLeftOut(lines)
    // That was left out as well.
    if (this.#leftOut > 0) this.#leftOut = lines
  }

  /** True when nothing waits any more. */
  #drain(): boolean {
    let count = 0
    for (const bytes of this.#waiting) {
      const rest = this.#take(bytes)
      this.#waitingBytes -= bytes.length - (rest?.length ?? 0)
      if (rest) {
        this.#waiting[count] = rest
        break
      }
      count++
    }
    this.#waiting.splice(0, count)
    return this.#waiting.length === 0
  }

  /** What of `bytes` has to wait; undefined: nothing. */
  #take(bytes: Uint8Array): Uint8Array | undefined {
    try {
      const written = this.#write(bytes)
      return written < bytes.length ? bytes.subarray(written) : undefined
    } catch (error) {
      // Anything else means that this line cannot be written: the reader is gone, or the disk is full.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return bytes
      this.#leaveOut()
      return undefined
    }
  }
}
