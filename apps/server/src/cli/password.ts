/** Where the password of an account comes from: an option, a prompt on a terminal, or chance. */

import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Option } from 'commander'
import { UserError } from '../user-error.ts'

/** Letters and digits that nobody takes for another. 20 of them are 99 bits. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const LENGTH = 20

/** `--password P`. */
export function passwordOption(): Option {
  return new Option(
    '--password <password>',
    'its password; without this option it is asked for on a terminal, and elsewhere made up and printed',
  )
}

/** The password to use. @throws {UserError} two entries differ */
export async function newPassword(option: string | undefined): Promise<{ password: string; generated: boolean }> {
  if (option !== undefined) return { password: option, generated: false }
  if (!process.stdin.isTTY) return { password: generatePassword(), generated: true }
  const password = await prompt('Password: ')
  if ((await prompt('The same again: ')) !== password) throw new UserError('The two passwords differ')
  return { password, generated: false }
}

function generatePassword(): string {
  return Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** Asks on the terminal, without an echo. */
async function prompt(text: string): Promise<string> {
  process.stderr.write(text)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  reader.once('SIGINT', () => {
    process.stderr.write('\n')
    process.exit(130)
  })
  const closed = new Promise<never>((_resolve, reject) => {
    reader.once('close', () => reject(new UserError('No password was given')))
  })
  try {
    return await Promise.race([reader.question(''), closed])
  } finally {
    reader.close()
    process.stderr.write('\n')
  }
}
