/** The main thread's end of the worker: orders out, reports in, and a new worker when one dies. */

import { Worker } from 'node:worker_threads'
import { StorageError } from '@tercet/storage'
import type { FlushResult } from '@tercet/storage/adapter'
import type { Packed } from './pack.ts'
import type { Answers, Order, Question, Refusal, Report, Synchronous, WorkerSetup } from './protocol.ts'

interface Waiting {
  readonly units: number | undefined
  readonly resolve: (report: Report) => void
  readonly reject: (error: StorageError) => void
}

/** What a writer needs to know. */
export interface WriterOptions {
  readonly file: string
  readonly synchronous: Synchronous
  readonly maxBytes: number | undefined
  /** Hears that a worker died and whether another one took its place. */
  readonly died: (cause: unknown) => void
}

const workerFile = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** One worker at a time. */
export class Writer {
  worker: Worker | undefined
  readonly #options: WriterOptions
  readonly #committed = new SharedArrayBuffer(4)
  readonly #waiting = new Map<number, Waiting>()
  #number = 0
  #closed = false
  #starting: Promise<void> | undefined

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Starts the worker unless one runs. @throws {StorageError} the file cannot be opened */
  start(): Promise<void> {
    if (this.worker !== undefined) return Promise.resolve()
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined))
    return this.#starting
  }

  /** Commits packed units; resolves to what refused each of them. @throws {StorageError} all of them were refused */
  async flush(packed: Packed, units: number): Promise<FlushResult> {
    const report = await this.#send(number => ({ number, flush: packed, units }), units)
    const result = new Array<StorageError | undefined>(units).fill(undefined)
    if ('refused' in report) for (const [unit, refusal] of report.refused) result[unit] = toError(refusal)
    return result
  }

  async ask<Q extends Question>(question: Q): Promise<Answers[Q['kind']]> {
    const report = await this.#send(number => ({ number, question }), undefined)
    if (!('answer' in report)) throw new StorageError('failed', 'The storage worker gave no answer')
    // True because the worker answers each kind of question with its own kind of answer.
    return report.answer as Answers[Q['kind']]
  }

  /** Closes the database and ends the worker; a failure to do so properly is thrown after the worker has ended. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    // A worker that is being replaced must not outlive the store.
    await this.#starting?.catch(() => {})
    const { worker } = this
    if (worker === undefined) return
    try {
      await this.ask({ kind: 'close' })
    } finally {
      this.worker = undefined
      await worker.terminate()
    }
  }

  async #start(): Promise<void> {
    const { file, synchronous, maxBytes } = this.#options
    const workerData: WorkerSetup = { file, synchronous, maxBytes, committed: this.#committed }
    const worker = new Worker(workerFile, { workerData, name: 'storage' })
    const ready = Promise.withResolvers<Report>()
    this.#waiting.set(0, { units: undefined, resolve: ready.resolve, reject: ready.reject })
    worker.on('message', (report: Report) => this.#hear(worker, report))
    let over = false
    const died = (cause: unknown): void => {
      if (over) return
      over = true
      this.#died(cause)
    }
    worker.on('error', died)
    worker.on('exit', code => died(new Error(`The storage worker ended with code ${code}`)))
    try {
      await ready.promise
      this.worker = worker
      // An opened store alone does not keep the process running; waiting for it does.
      worker.unref()
    } catch (error) {
      over = true
      await worker.terminate()
      throw error
    }
  }

  #send(make: (number: number) => Order, units: number | undefined): Promise<Report> {
    const { worker } = this
    if (worker === undefined) return Promise.reject(new StorageError('failed', 'The storage worker is not running'))
    this.#number = (this.#number % 0x7fff_fffe) + 1
    const number = this.#number
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) worker.ref()
      this.#waiting.set(number, { units, resolve, reject })
      worker.postMessage(make(number))
    })
  }

  #hear(worker: Worker, report: Report): void {
    const waiting = this.#waiting.get(report.number)
    this.#waiting.delete(report.number)
    if (this.#waiting.size === 0) worker.unref()
    if (waiting === undefined) return
    if ('error' in report) waiting.reject(toError(report.error))
    else waiting.resolve(report)
  }

  /** Nobody who waits is left waiting: a flush that was committed before the death counts, all else has failed. */
  #died(cause: unknown): void {
    this.worker = undefined
    const last = Atomics.load(new Int32Array(this.#committed), 0)
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const [number, { units, resolve, reject }] of waiting) {
      if (units !== undefined && number === last) resolve({ number, refused: [] })
      else reject(new StorageError('failed', 'The storage worker died', { cause }))
    }
    if (!this.#closed) this.#options.died(cause)
  }
}

function toError({ condition, text }: Refusal): StorageError {
  return new StorageError(condition, text)
}
