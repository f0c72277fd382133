/**
 * HTTP upload (XEP-0363 1.2.0). The service is the host itself: its features tell so, and clients need no second domain, record or
 * certificate. Files go through the web door to wherever the app keeps them.
 */

import { BareJid } from '@tercet/jid'
import { StanzaError } from '@tercet/stanza'
import { makeForm } from '@tercet/stanza/data-form'
import * as wire from '@tercet/stanza/http-upload'
import { z } from 'zod'
import type { Host } from '../../host.ts'
import { defineModule } from '../../module.ts'
import { accountRemoved } from '../../points.ts'
import { discovery } from '../disco.ts'
import { everyHour, HOUR_MS } from '../every-hour.ts'
import { fileName, mediaType } from './served.ts'
import { Slots } from './slots.ts'
import { UploadStore } from './store.ts'
import { serve } from './serve.ts'
import { take } from './take.ts'

const PATH = '/upload/:token/:name'
const DAY_MS = 86_400_000

const options = z.strictObject({
  max_file_bytes: z.int().positive().default(104_857_600).describe('Largest file'),
  account_bytes: z.int().positive().default(1_073_741_824).describe('All files of one account'),
  host_bytes: z.int().positive().default(107_374_182_400).describe('All files of the host'),
  keep_days: z.int().positive().default(30).describe('How long a file is kept'),
  slot_seconds: z.int().min(10).max(86_400).default(300).describe('How soon an upload has to begin'),
  stall_seconds: z.int().min(1).default(30).describe('How long an upload may stand still'),
})

/** Gives slots to accounts of this host, takes files and serves them, if the app has a place for them. */
export const upload = defineModule({
  name: 'upload',
  specs: { 'XEP-0363': '1.2.0' },
  options,
  needs: [discovery],
  setup(host, disco, configured) {
    const files = host.server.files?.(host.domain)
    if (!files) return
    const store = new UploadStore(host, files)
    const slots = new Slots(host, configured.slot_seconds * 1000)
    void slots.ready.catch(host.bug)

    host.feature(wire.NS)
    disco.identity({ category: 'store', type: 'file', name: 'HTTP File Upload' })
    disco.form(makeForm('result', wire.NS, { 'max-file-size': String(configured.max_file_bytes) }))

    host.handle(wire.request, 'server', async ({ filename, size, contentType, ephemeral }, { session, turn }) => {
      if (session?.host !== host) throw new StanzaError('forbidden', { text: 'Only accounts here can upload files' })
      const now = Date.now()
      const account = session.account.jid
      refuseTooLarge(size, configured.max_file_bytes)
      const expires = Math.min(now + configured.keep_days * DAY_MS, ephemeral?.getTime() ?? Infinity)
      if (expires <= now) throw new StanzaError('not-acceptable', { text: 'The file would be gone at once' })
      await slots.ready
      const kept = await store.of(account.local)
      const used = kept.reduce((sum, row) => sum + row.size, 0) + slots.bytesOf(account.local)
      if (used + size > configured.account_bytes) throw full('Your files take all the room you have', kept[0]?.expires)
      if ((await store.total()) + slots.bytes + size > configured.host_bytes)
        throw full('There is no room for more files now', now + HOUR_MS)
      const slot = { account, name: fileName(filename), type: mediaType(contentType), size, at: now, expires }
      const token = slots.add({ ...slot, isTyped: contentType !== undefined }, turn)
      if (token === undefined)
        throw full('Finish the uploads that you have begun', now + configured.slot_seconds * 1000)
      const url = `${baseOf(host)}/upload/${token}/${encodeURIComponent(slot.name)}`
      return { put: { url, headers: [] }, get: url }
    })

    host.route('PUT', PATH, (request, visit) => take(host, { files, store, slots, ...configured }, request, visit), {
      cors: true,
    })
    host.route('GET', PATH, (request, { params }) => serve(files, store, request, params), { cors: true })

    host.on(accountRemoved, 'run', ({ account, turn }) => {
      slots.forget(account.jid.local, turn)
      return store.clear(account.jid, turn)
    })

    everyHour(host, async () => {
      slots.expire()
      await sweepAll(host, store)
    })
    void store.removeOrphans(Date.now() - HOUR_MS).catch(host.bug)
  },
})

async function sweepAll(host: Host, store: UploadStore): Promise<void> {
  const now = Date.now()
  for await (const local of store.owners()) await store.sweep(BareJid.of(local, host.domain), now)
}

/** @throws {StanzaError} with what would be accepted (§6) */
function refuseTooLarge(size: number, most: number): void {
  if (size <= most) return
  throw new StanzaError('not-acceptable', {
    text: `File too large. The maximum file size is ${most} bytes`,
    application: wire.fileTooLarge.write({ maxFileSize: most }),
  })
}

function full(text: string, againMs: number | undefined): StanzaError {
  const application = againMs === undefined ? {} : { application: wire.retry.write(new Date(againMs)) }
  return new StanzaError('resource-constraint', { type: 'wait', text, ...application })
}

/** @throws {StanzaError} `service-unavailable`: nobody listens for HTTP */
function baseOf(host: Host): string {
  const base = host.server.webAddress(host.domain)
  if (base === undefined) throw new StanzaError('service-unavailable', { text: 'This server does not take files now' })
  return base
}
