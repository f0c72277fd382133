/** The tercet program. */

import { readFileSync, writeFileSync } from 'node:fs'
import { listen, serverTls } from '@tercet/net'
import { createServer } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { openSqliteStorage } from '@tercet/storage-sqlite'
import { pino } from 'pino'
import { parse } from 'smol-toml'

const args = process.argv.slice(2)
const option = (name: string): string | undefined => {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args[at + 1]
}
const config = parse(readFileSync(option('--config') ?? 'tercet.toml', 'utf8')) as Record<string, any>
const logger = pino({ level: 'info' })
const synchronous = process.env['TERCET_TEST_SYNCHRONOUS'] === 'OFF' ? 'OFF' : 'FULL'
const storage = await openSqliteStorage({ folder: config['data'], synchronous })
const tls = config['tls']
  ? serverTls({ credentials: [{ certificate: readFileSync(config['tls'].certificate, 'utf8'), key: readFileSync(config['tls'].key, 'utf8') }] } as any)
  : undefined
const server = await createServer({
  storage,
  hosts: config['host'].map((host: { name: string }) => ({ name: host.name, modules: standardModules })),
  tls,
  requireTls: config['c2s']?.require_tls ?? true,
  iterations: config['auth']?.iterations ?? 10_000,
  logger,
})
if (args[0] === 'import') {
  for (const line of readFileSync(args[1]!, 'utf8').split('\n')) {
    const [jid, password] = line.split(',')
    if (!jid || !password) continue
    const [local, domain] = jid.split('@')
    const { accounts } = server.hosts.get(domain!)!
    await accounts.put(local!, await accounts.derive(password), { create: false })
  }
  await server.stop()
  await storage.close()
  process.exit(0)
}
for (const address of config['listen'].c2s as string[]) {
  const [host, port] = [address.slice(0, address.lastIndexOf(':')), Number(address.slice(address.lastIndexOf(':') + 1))]
  await listen({ address: host, port }, transport => server.accept(transport))
}
const pidFile = option('--pid-file')
if (pidFile) writeFileSync(pidFile, String(process.pid))
logger.info('ready')
const stop = async (): Promise<void> => {
  await server.stop()
  await storage.close()
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
