/** A server for the tests in the browser: prints its address once it runs, and ends with its standard input. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../src/certificate.ts'
import { launch } from '../src/servers/tercet.ts'

const [password = ''] = process.argv.slice(2)
const folder = await mkdtemp(join(tmpdir(), 'browser-'))
const accounts = ['juliet@a.test', 'romeo@a.test']
const server = await launch({ needs: {}, accounts, password, ...(await makeCertificate(folder)) })
process.stdin.resume().once('end', () => {
  void server.stop().then(() => rm(folder, { recursive: true, force: true }))
})
console.log(server.house.webSocketUrl)
