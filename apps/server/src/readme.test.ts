import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { program } from './cli/program.ts'
import { ConfigError, parseConfig } from './config.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test('the configuration of the README holds', () => {
  const [, source = ''] = /```toml\n(.*?)```/s.exec(readme) ?? []
  const config = parseConfig(source, undefined)
  expect(config.hosts).toEqual(['example.org'])
  expect(config.listen.http).toEqual([{ address: undefined, port: 443 }])
})

test('the error of the README is the one that is given', () => {
  const source = `${'\n'.repeat(10)}[listen]\nc2s = ["x"]`
  expect(() => parseConfig(source, 'tercet.toml')).toThrow(ConfigError)
  const [shown = ''] = /^tercet\.toml:12:.*$/m.exec(readme) ?? []
  expect(() => parseConfig(source, 'tercet.toml')).toThrow(shown)
})

test('the README has every command, and no other', () => {
  const { commands } = program(() => Promise.reject(new Error('Not to be called')))
  const verbs = commands.flatMap(command =>
    command.commands.length > 0 ? command.commands.map(verb => `${command.name()} ${verb.name()}`) : [command.name()],
  )
  const rows = [...readme.matchAll(/^\| `tercet ([a-z0-9 ]+?)(?: [A-Z]+)?` /gm)].map(([, verb]) => verb)
  expect(rows.toSorted()).toEqual(verbs.toSorted())
})

test('pnpm start sets the variables of the README', () => {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  const { scripts } = JSON.parse(manifest) as { scripts: { start: string; tercet: string } }
  const [, variables = '-', command = '-'] = /^((?:MALLOC_\w+=\d+ )+)(node .*)$/m.exec(readme) ?? []
  expect(scripts.start).toContain(`&& ${variables}${command}`)
  expect(scripts.tercet).toMatch(new RegExp(`^${variables}node `))
})
