/** A consistent copy of a database in use. */

import { once } from 'node:events'
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { StorageError } from '@tercet/storage'

const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './backup-worker.ts' : './backup-worker.js',
  import.meta.url,
)

/**
 * Copies everything durable in `file` to `path`, which is replaced when the copy is complete and on disk.
 *
 * @throws {StorageError} `failed`
 */
export async function copyDatabase(file: string, path: string): Promise<void> {
  const draft = `${path}.part`
  try {
    rmSync(draft, { force: true })
    const worker = new Worker(workerFile, { workerData: { from: file, to: draft }, name: 'storage-backup' })
    await once(worker, 'exit')
    syncPath(draft)
    renameSync(draft, path)
    syncPath(dirname(path))
  } catch (cause) {
    rmSync(draft, { force: true })
    throw new StorageError('failed', `The backup to ${path} failed`, { cause })
  }
}

/** Forces a file or the names in a folder to the disk. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
