// Every behaviour has a play or a reason; every play has a behaviour; the notes about Prosody are in order.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBehaviours, readExceptions } from './behaviours.ts'
import { disagreementsPage, readDisagreements } from './disagreements.ts'
import { readPlays } from './plays.ts'
import { needNames } from './servers/server-under-test.ts'

const behaviours = readBehaviours()
const exceptions = readExceptions()
const plays = readPlays()
const played = new Set(plays.map(play => play.rule))
const ids = new Set(behaviours.map(behaviour => behaviour.id))

test('the list of behaviours is well formed and names each once', () => {
  for (const { id, group, side, summary, sections } of behaviours) {
    expect(id).toMatch(/^[A-Z][A-Z0-9]*-\d\d$/)
    expect(group, id).toBeGreaterThan(0)
    expect(side, id).toMatch(/^[SRCXG](\/[SRCXG])?$/)
    expect(summary, id).not.toBe('')
    expect(sections.length, id).toBeGreaterThan(0)
  }
  expect(ids.size).toBe(behaviours.length)
})

test.each(behaviours)('$id has a play or a reason why not', ({ id }) => {
  const reason = exceptions[id]
  if (played.has(id)) expect(reason, `${id} has a play and needs no exception`).toBeUndefined()
  else expect(reason, `${id} has neither a play nor an entry in exceptions.json`).toMatch(/\w+ \w+.*\.$/)
})

test('exceptions and plays name known behaviours', () => {
  expect(Object.keys(exceptions).filter(id => !ids.has(id))).toEqual([])
  expect(plays.filter(play => !ids.has(play.rule)).map(play => play.file)).toEqual([])
})

test('plays ask servers for known things only', () => {
  const known = new Set<string>(needNames)
  for (const play of plays)
    expect(
      Object.keys(play.server).filter(need => !known.has(need)),
      play.file,
    ).toEqual([])
})

test('titles tell plays apart', () => {
  const titles = plays.map(play => play.title)
  expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([])
})

test('each disagreement with Prosody is about a play, once, and names what decides', () => {
  const list = readDisagreements()
  const files = new Set(plays.map(play => play.file))
  for (const { play, why, decides, seen } of list) {
    expect(files.has(play), play).toBe(true)
    expect(['choice', 'prosody', 'unsupported'], play).toContain(why)
    expect(decides, play).toMatch(/(RFC \d{4}|XEP-\d{4}) §/)
    expect(seen, play).not.toBe('')
  }
  expect(new Set(list.map(entry => entry.play)).size).toBe(list.length)
})

test('the page about Prosody is written from the list', () => {
  const page = readFileSync(join(import.meta.dirname, '../prosody-disagreements.md'), 'utf8')
  expect(page).toBe(disagreementsPage(readDisagreements()))
})
