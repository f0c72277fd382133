import { expect, test } from 'vitest'
import { temporaryHome } from './home.ts'
import { Peer, requireProgram, runToEnd } from './processes.ts'
import { Screen } from './screen.ts'
import { waitFor } from './wait.ts'

test('a missing program is a failure that names its Debian package', () => {
  expect(() => requireProgram('no-such-client', 'no-such-package')).toThrow(
    /install the Debian package no-such-package/u,
  )
})

test('a command that does not end is killed at its bound', async () => {
  await expect(runToEnd('/bin/sleep', ['60'], { timeoutMs: 100 })).rejects.toThrow()
})

test('stopping a peer ends what it started, even what ignores the polite signal', async () => {
  const script = `trap '' TERM; sh -c "trap '' TERM; echo child $$; while :; do sleep 60; done" & wait`
  const peer = new Peer('/bin/sh', ['-c', script])
  await waitFor('the child speaks', () => peer.output.includes('child'))
  await peer.stop({ graceMs: 100 })
  expect(peer.ended).toBe(true)
  // Closed pipes, and not only the end of the first process, make a peer ended: its child is gone as well.
  expect(peer.child.stdout.closed).toBe(true)
})

test('a screen shows what was typed, says when its program ends, and leaves no folder', async () => {
  const home = temporaryHome('screen')
  const screen = await Screen.open('cat', home, ['cat'])
  await screen.type('Grüße “ж” 👋')
  await screen.shows('Grüße “ж” 👋')
  await expect(screen.shows('Grüße', { trouble: /Grüße/u })).resolves.toBeUndefined()
  await expect(screen.shows('something else', { trouble: /Grüße/u })).rejects.toThrow(/cat says/u)
  await screen[Symbol.asyncDispose]()
  home[Symbol.dispose]()
  await expect(runToEnd('/bin/ls', [home.path])).rejects.toThrow()
})
