/** Spaces the writes of one stream that carries the stanzas of many: what comes soon after a write leaves together with what follows it. */

/** Characters that wait for nothing: more than one TLS record is no smaller a cost for what is added to it. */
const FULL = 16_384

/** The gaps of a stream between two writes, in milliseconds. */
export interface Gaps {
  /** What somebody waits for. */
  readonly hurriedMs: number
  /** Anything else. */
  readonly patientMs: number
}

/** The pace of one stream. */
export class Pace {
  readonly #gaps: Gaps
  readonly #write: () => void
  #wroteMs = -Infinity
  #hurried = false
  #timer: ReturnType<typeof setTimeout> | undefined
  /** When that timer is due. */
  #timerAtMs = 0

  /** @param write writes what waits, when the gap is over */
  constructor(gaps: Gaps, write: () => void) {
    this.#gaps = gaps
    this.#write = write
  }

  /** Somebody waits for what is written next. */
  hurry(): void {
    this.#hurried = true
  }

  /** Whether so many characters wait, since the last write is less than a gap ago; if so they are written when it is over. */
  holds(characters: number): boolean {
    if (characters === 0 || characters >= FULL) return false
    const { hurriedMs, patientMs } = this.#gaps
    const atMs = this.#wroteMs + (this.#hurried ? hurriedMs : patientMs)
    if (this.#timer !== undefined && this.#timerAtMs <= atMs) return true
    const waitMs = atMs - performance.now()
    if (waitMs <= 0) return false
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#write()
    }, waitMs)
    return true
  }

  /** Something is written now, for whatever reason. */
  wrote(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#hurried = false
    this.#wroteMs = performance.now()
  }
}
