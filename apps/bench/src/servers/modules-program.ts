/** Our server with some of its modules, for modules.ts: `node modules-program.ts DOMAIN FOLDER PORT module…`. */

import { listen } from '@tercet/net'
import { createServer } from '@tercet/server'
import { standardModules } from '@tercet/server/modules'
import { openSqliteStorage } from '@tercet/storage-sqlite'

const [domain = '', folder = '', port = '', ...names] = process.argv.slice(2)
const modules = standardModules.filter(({ name }) => names.includes(name))
const storage = await openSqliteStorage({ folder })
const server = await createServer({
  storage,
  hosts: [{ name: domain, modules }],
  requireTls: false,
  // As in the scenarios without an archive: what archiving costs has rows of its own.
  moduleOptions: names.includes('mam') ? { mam: { default: 'never' } } : {},
})
const listener = await listen({ address: '127.0.0.1', port: Number(port) }, transport => server.accept(transport))
process.on('SIGTERM', () => {
  void listener
    .close()
    .then(() => server.stop())
    .then(() => storage.close())
    .then(() => process.exit(0))
})
