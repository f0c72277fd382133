/** Who holds a TCP port, from Linux's /proc; elsewhere nobody is found. */
import { readFile, readdir, readlink } from 'node:fs/promises'

/** Processes looked at before giving up: this only improves the text of an error. */
const MAX_PROCESSES = 4096
const LISTENING = '0A'

/** The holder of a listening port as `pid 123 (name)`, where this process may see it. */
export async function holderOf(port: number): Promise<string | undefined> {
  try {
    const inodes = await listeningInodes(port)
    if (inodes.size === 0) return undefined
    const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).slice(0, MAX_PROCESSES)
    for (const pid of pids) {
      if (await holds(pid, inodes)) return `pid ${pid} (${(await readFile(`/proc/${pid}/comm`, 'utf8')).trim()})`
    }
  } catch {
    // no /proc, or not ours to read
  }
  return undefined
}

async function listeningInodes(port: number): Promise<Set<string>> {
  const inodes = new Set<string>()
  const suffix = ':' + port.toString(16).toUpperCase().padStart(4, '0')
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const lines = await readFile(table, 'latin1').catch(() => '')
    for (const line of lines.split('\n')) {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
      if (state === LISTENING && local?.endsWith(suffix) && inode !== undefined) inodes.add(`socket:[${inode}]`)
    }
  }
  return inodes
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const descriptors = await readdir(folder).catch(() => [])
  for (const descriptor of descriptors) {
    const target = await readlink(`${folder}/${descriptor}`).catch(() => '')
    if (inodes.has(target)) return true
  }
  return false
}
