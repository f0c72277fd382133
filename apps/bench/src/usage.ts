/** What a process and its children have used so far: CPU time and memory, as Linux tells in /proc. */

import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of /proc/PID/stat in a second; fixed in the kernel's interface. */
const TICKS = 100

/** User and system time of a process, its threads and its children, in microseconds. */
export function cpuMicros(pid: number): number {
  let ticks = 0
  for (const each of tree(pid)) {
    const stat = readFileSync(`/proc/${each}/stat`, 'latin1')
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th field behind it (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return (ticks / TICKS) * 1e6
}

/** Resident memory of a process and its children, in KiB. */
export function residentKiB(pid: number): number {
  let kib = 0
  for (const each of tree(pid))
    kib += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'latin1'))?.[1])
  return kib
}

function tree(pid: number): number[] {
  const pids = [pid]
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    for (const child of readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' '))
      if (child !== '') pids.push(...tree(Number(child)))
  }
  return pids
}

/** CPU time of this process, the generator, in microseconds. */
export function ownCpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
