/** Options that several verbs share. */

import { Option } from 'commander'

/** `--config FILE`. */
export function configOption(): Option {
  return new Option('--config <file>', 'configuration file (default: none, which serves localhost with data in ./data)')
}

/** Names the configuration as a further command must: with the same file, if there is one. */
export function configArgument(file: string | undefined): string {
  return file === undefined ? '' : ` --config ${file}`
}
