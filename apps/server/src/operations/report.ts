/** What users report about others (XEP-0377). */

import { reports, type FiledReport } from '@tercet/server/modules'
import { z } from 'zod'
import { operation } from './operation.ts'

/** Lists the newest reports of all hosts, the oldest of them first. */
export const listReports = operation({
  name: 'report.list',
  input: z.strictObject({ max: z.int().positive().max(10_000), about: z.string().optional() }),
  async run({ server }, { max, about }): Promise<{ reports: readonly FiledReport[] }> {
    const found: FiledReport[] = []
    for (const { services } of server.hosts.values())
      found.push(...(await services.get(reports).list({ max, ...(about === undefined ? {} : { about }) })))
    found.sort((a, b) => a.at - b.at)
    return { reports: found.slice(-max) }
  },
})
