/** The plays of this workspace, read from their files. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parsePlay } from '@tercet/testkit'
import type { Play } from '@tercet/testkit'

/** A play and the file it is in, relative to the folder `plays`, without the ending. */
export interface PlayFile extends Play {
  readonly file: string
}

const folder = join(import.meta.dirname, '../plays')

/** Reads every play, in the order of file names. @throws {Error} one cannot be read; the message names the file */
export function readPlays(): PlayFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.play'))
    .sort()
    .map(path => {
      const file = relative('.', path)
        .replaceAll('\\', '/')
        .replace(/\.play$/, '')
      try {
        return { file, ...parsePlay(readFileSync(join(folder, path), 'utf8')) }
      } catch (cause) {
        throw new Error(`plays/${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }
    })
}
