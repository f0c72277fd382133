/** A program that logs more than a pipe holds, and tells its parent when it has: for the test of a reader that does not read. */

import { createLogger } from './logger.ts'

const logger = createLogger({ forPeople: false })
for (let index = 0; index < Number(process.argv[2]); index++) logger.info({ index }, 'All work and no play')
process.send?.('logged')
process.disconnect()
