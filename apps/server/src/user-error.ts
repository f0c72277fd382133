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

/** The text of such an error, with its cause where the text alone does not tell enough. */
export function textForPeople(error: Error): string {
  const isVague = 'condition' in error && error.condition === 'failed' && error.cause instanceof Error
  return isVague ? `${error.message}: ${(error.cause as Error).message}` : error.message
}
