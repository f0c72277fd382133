/** Reports about those whom users block (XEP-0377 0.4.1): logged, and kept for whoever runs the server. */

import type { BareJid, Jid } from '@tercet/jid'
import { service } from '@tercet/plugin'
import * as wire from '@tercet/stanza/reporting'
import type { Report } from '@tercet/stanza/reporting'
import type { Log } from '@tercet/storage'
import { z } from 'zod'
import type { Host } from '../host.ts'
import { defineModule } from '../module.ts'
import type { Turn } from '../turn.ts'
import { HourlyLimit } from './hourly-limit.ts'

/** A report as it is kept. */
export interface FiledReport {
  /** When, in milliseconds since 1970. */
  readonly at: number
  readonly reporter: string
  readonly reported: string
  /** An URN such as `urn:xmpp:reporting:spam`. */
  readonly reason: string
  readonly text?: string
  /** Stanza-ids of messages that it is about, with whose ids they are. */
  readonly messages?: readonly { readonly id: string; readonly by: string }[]
  /** The user has allowed to tell the domain that it came from. */
  readonly toOrigin?: true
  /** The user has allowed to tell others who work on reports. */
  readonly toOthers?: true
}

// A report is for people to read.
const MAX_TEXT = 2000
const MAX_NAME = 200
const MAX_MESSAGES = 20
const OWNER = ''

/** The reports of one host. */
export class Reports {
  readonly #host: Host
  readonly #log: Log
  readonly #max: number
  readonly #limit: HourlyLimit

  constructor(host: Host, options: { max: number; per_hour: number }) {
    this.#host = host
    this.#log = host.server.storage.log('reports')
    this.#max = options.max
    this.#limit = new HourlyLimit(host, options.per_hour)
  }

  /** Keeps a report, with the turn, and the newest alone if there are too many; more of one account than it may file is only counted. */
  async file(reporter: BareJid, reported: Jid, report: Report, turn: Turn): Promise<void> {
    const { logger, server, domain } = this.#host
    const reason = report.reason.slice(0, MAX_NAME)
    const line = { reporter: reporter.text, reported: reported.text, reason }
    if (!this.#limit.take(reporter.local)) {
      logger.warn(line, 'A report was not kept: too many of this account')
      return
    }
    const text = report.texts.join('\n').slice(0, MAX_TEXT)
    const filed: FiledReport = {
      at: Date.now(),
      ...line,
      ...(text === '' ? {} : { text }),
      ...(report.stanzaIds.length === 0 ? {} : { messages: report.stanzaIds.slice(0, MAX_MESSAGES).map(messageOf) }),
      ...(report.reportOrigin ? { toOrigin: true } : {}),
      ...(report.thirdParty ? { toOthers: true } : {}),
    }
    const surplus = (await this.#log.count(domain, OWNER)) + 1 - this.#max
    if (surplus > 0) {
      const { entries } = await this.#log.page(domain, OWNER, { max: surplus })
      for (const { id } of entries) this.#log.delete(turn.unit, domain, OWNER, id)
    }
    const { at } = filed
    const entry = { id: server.newId(), at, peer: reported.bare.text, body: JSON.stringify(filed) }
    this.#log.append(turn.unit, domain, OWNER, entry)
    logger.warn(line, 'A user reports somebody')
  }

  /** The newest reports, the oldest of them first. @param options.about those about one bare address or domain */
  async list(options: { max: number; about?: string }): Promise<FiledReport[]> {
    const { max, about } = options
    const query = { last: true, max, ...(about === undefined ? {} : { peer: about }) }
    const { entries } = await this.#log.page(this.#host.domain, OWNER, query)
    // Written by file().
    return entries.map(({ body }) => JSON.parse(body) as FiledReport)
  }
}

/** The reports of a host. */
export const reports = service<Reports>('reports')

/** Takes reports with the blocking command. */
export const reporting = defineModule({
  name: 'reporting',
  specs: { 'XEP-0377': '0.4.1' },
  features: [wire.NS, wire.SPAM, wire.ABUSE],
  provides: reports,
  options: z.strictObject({
    max: z.int().positive().default(10_000).describe('Reports that are kept; the oldest go first'),
    per_hour: z.int().positive().default(30).describe('Reports of one account that are kept in an hour'),
  }),
  setup: (host, options) => new Reports(host, options),
})

function messageOf({ id, by }: Report['stanzaIds'][number]): { id: string; by: string } {
  return { id: id.slice(0, MAX_NAME), by: by.text }
}
