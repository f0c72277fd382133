/** The server of @tercet/minimal as the server under test: STARTTLS alone, and accounts that are named at its start. */

import { fileURLToPath } from 'node:url'
import { Peer } from '../processes.ts'
import { waitFor } from '../wait.ts'
import type { TlsFiles } from './certificate.ts'
import type { ServerUnderTest } from './server-under-test.ts'

const program = fileURLToPath(new URL('../../../minimal/src/server.ts', import.meta.url))

/** Starts it over `folder`, in which `makeCertificate` has been; `users` are `name:password`. */
export async function launchMinimal(
  domain: string,
  folder: string,
  tls: TlsFiles,
  users: readonly string[],
): Promise<ServerUnderTest> {
  const args = ['--conditions=@tercet/source', program, domain, folder, '0', ...users]
  const server = new Peer(process.execPath, args)
  const stop = () => server.stop()
  const port = await waitFor(
    'the minimal server says its port',
    () => {
      if (server.ended) throw new Error(`The minimal server ended at once\n${server.output}`)
      return /is served on port (\d+)\n/u.exec(server.output)?.[1]
    },
    { evidence: () => server.output },
  )
  return {
    name: 'the minimal server',
    domain,
    host: '127.0.0.1',
    c2sPort: Number(port),
    c2sTlsPort: 0,
    wsUrl: '',
    boshUrl: '',
    ...tls,
    addAccount: () => Promise.reject(new Error('Accounts are named at the start')),
    handoverShare: () => Promise.resolve(undefined),
    log: () => server.output,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
