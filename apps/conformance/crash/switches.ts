/** Modules that are preloaded into a server under test to break a promise on purpose: what a check is worth shows when it turns red. */

/** SQLite does not wait for the disk. */
export const synchronousOff = new URL('./switches/synchronous-off.ts', import.meta.url)
/** Stanzas are acknowledged before the commit of what they caused. */
export const earlyAcknowledgement = new URL('./switches/early-acknowledgement.ts', import.meta.url)
/** Each commit takes a tenth of a second. */
export const slowCommit = new URL('./switches/slow-commit.ts', import.meta.url)
