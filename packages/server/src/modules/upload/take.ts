/** Takes a file for a slot (XEP-0363 1.2.0 §7): all of it, exactly it, once, in bounded time. */

import { FilesError, type Files } from '../../files.ts'
import type { Host } from '../../host.ts'
import type { Visit } from '../../routes.ts'
import { mediaType } from './served.ts'
import type { Slot, Slots } from './slots.ts'
import type { UploadStore } from './store.ts'

/** What taking needs. */
export interface Taking {
  readonly files: Files
  readonly store: UploadStore
  readonly slots: Slots
  readonly stall_seconds: number
}

/** Below this rate on average an upload is too slow. */
const LEAST_BYTES_PER_SECOND = 4096

/** Undefined: there is no such slot on this host. */
export async function take(host: Host, taking: Taking, request: Request, visit: Visit): Promise<Response | undefined> {
  const { token = '', name } = visit.params
  const { slots, files, store } = taking
  await slots.ready
  const slot = slots.get(token)
  if (!slot || slot.name !== name) return undefined
  const refusal = refused(request, slot)
  if (refusal !== undefined) return answer(refusal)
  visit.unhurried?.()
  slots.begin(token, slot)
  try {
    await files.write(token, counted(request.body!, slot.size, taking.stall_seconds * 1000), slot.size)
    const { account, type, size, at, expires } = slot
    if (await store.add(account, token, { name: slot.name, type, size, at, expires })) {
      host.logger.info({ account: account.text, size }, 'File stored')
      return answer(201)
    }
    await files.remove(token)
    return answer(404)
  } catch (error) {
    await files.remove(token).catch(host.bug)
    const status = statusOf(error, request)
    host.logger.info({ account: slot.account.text, size: slot.size, status, err: error }, 'File not stored')
    return answer(status)
  } finally {
    slots.done(token, slot)
  }
}

/** What is wrong with a request; it does not spend the slot. */
function refused(request: Request, slot: Slot): number | undefined {
  const length = request.headers.get('content-length')
  if (length === null || !request.body) return 411
  if (!/^\d{1,16}$/.test(length)) return 400
  if (Number(length) !== slot.size) return Number(length) > slot.size ? 413 : 400
  const type = request.headers.get('content-type')
  if (slot.isTyped && type !== null && mediaType(type) !== slot.type) return 415
  return undefined
}

function statusOf(error: unknown, request: Request): number {
  if (error instanceof FilesError && error.condition === 'full') return 507
  if (error instanceof Stalled || request.signal.aborted) return 408
  // A store that cannot write its row is full as well.
  return error instanceof Error && error.name === 'StorageError' ? 507 : 500
}

function answer(status: number): Response {
  return new Response(null, { status })
}

/** The upload takes too long. */
class Stalled extends Error {
  override readonly name = 'Stalled'
}

/** The body as it comes, ended with an error when it is too slow, too long or too short. */
function counted(body: ReadableStream<Uint8Array>, size: number, stallMs: number): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const startedMs = performance.now()
  const mostMs = stallMs + (size / LEAST_BYTES_PER_SECOND) * 1000
  let bytes = 0
  return new ReadableStream({
    async pull(controller) {
      const leftMs = Math.min(stallMs, startedMs + mostMs - performance.now())
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Stalled('The upload stands still')), Math.max(0, leftMs))
      })
      try {
        const { value, done } = await Promise.race([reader.read(), late])
        if (value) bytes += value.length
        if (bytes > size || (done && bytes < size)) throw new TypeError('The upload has another length than it said')
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (error) {
        controller.error(error)
        await reader.cancel(error).catch(() => undefined)
      } finally {
        clearTimeout(timer)
      }
    },
    cancel: reason => reader.cancel(reason),
  })
}
