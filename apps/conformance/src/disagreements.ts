/** Where Prosody does something else than a play demands, and which paragraph decides. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One play that Prosody does not pass. */
export interface Disagreement {
  /** File of the play without the ending. */
  readonly play: string
  /**
   * `choice`: the text leaves it open and we chose otherwise; `prosody`: the text decides against it; `unsupported`: it does
   * not offer the feature or the setting.
   */
  readonly why: 'choice' | 'prosody' | 'unsupported'
  /** The paragraph that decides, and what was seen instead. */
  readonly decides: string
  readonly seen: string
}

const folder = join(import.meta.dirname, '..')

/** Reads the list. */
export function readDisagreements(): Disagreement[] {
  // The shape is checked by coverage.test.ts.
  return JSON.parse(readFileSync(join(folder, 'prosody-disagreements.json'), 'utf8')) as Disagreement[]
}

/** The list as a page for people. */
export function disagreementsPage(list: readonly Disagreement[]): string {
  const titles = {
    prosody: 'The text decides against Prosody',
    choice: 'The text leaves a choice, and ours differs',
    unsupported: 'Not offered by Prosody 0.12 in this setup',
  }
  const sections = Object.entries(titles).map(([why, title]) => {
    const rows = list.filter(entry => entry.why === why)
    const lines = rows.map(({ play, decides, seen }) => `- **${play}**: ${decides}. Prosody ${seen}.`)
    return [`## ${title}`, '', ...lines].join('\n')
  })
  const intro = `# Where Prosody and the plays disagree

Every play was performed on Prosody 0.12.3 (Debian 12). Those it does not pass are here with the paragraph that decides.
Written from \`prosody-disagreements.json\`, which \`run.test.ts\` holds against a real Prosody.`
  return [intro, ...sections].join('\n\n') + '\n'
}
