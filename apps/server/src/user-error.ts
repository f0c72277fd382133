/** Errors that the person at the terminal can put right. */

/** Shown as its text alone, without a stack; the program then ends with exit code 1. */
export class UserError extends Error {
  override readonly name = 'UserError'
}

/** Names of errors whose text is made for people: ours, and those of the packages below. */
const forPeople = new Set(['UserError', 'StorageError', 'TransportError', 'JidError', 'ModuleOptionsError'])

/** Whether the text of `error` says all there is to say. */
export function isForPeople(error: unknown): error is Error {
  return error instanceof Error && forPeople.has(error.name)
}
