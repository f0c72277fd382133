import { expect, test } from 'vitest'
import { Policy } from './policy.ts'

test.each([
  ['open', 'anybody.test', true],
  ['off', 'a.test', false],
  ['allow', 'a.test', true],
  ['allow', 'b.test', false],
  ['allow', 'x.sub.test', true],
  ['allow', 'y.x.sub.test', true],
  ['allow', 'sub.test', false],
  ['allow', 'evilsub.test', false],
  ['deny', 'a.test', false],
  ['deny', 'x.sub.test', false],
  ['deny', 'b.test', true],
] as const)('%s, with a.test and *.sub.test listed: %s is talked to: %s', (federation, domain, allowed) => {
  expect(new Policy({ federation, domains: ['a.test', '*.sub.test'] }).allows(domain)).toBe(allowed)
})

test('a rule of one domain changes what it names and nothing else', () => {
  const policy = new Policy({
    rule: { authentication: 'certificate' },
    rules: new Map([['a.test', { requireTls: false }]]),
  })
  expect(policy.rule('a.test')).toMatchObject({ requireTls: false, authentication: 'certificate' })
  expect(policy.rule('b.test')).toMatchObject({ requireTls: true, authentication: 'certificate' })
})
