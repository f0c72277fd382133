import { expect, test } from 'vitest'
import { asDomain, domainIn } from './as-domain.ts'

test.each([
  ['a.test', 'a.test'],
  ['A.Test.', 'a.test'],
  ['xn--bcher-kva.test', 'bücher.test'],
  ['romeo@a.test', undefined],
  ['a.test/x', undefined],
  ['', undefined],
  [undefined, undefined],
])('%s as a domain is %s', (text, domain) => {
  expect(asDomain(text)).toBe(domain)
})

test.each([
  ['a.test', 'a.test'],
  ['romeo@A.test/x', 'a.test'],
  ['no such\u0007name@a.test/x@b.test/y', 'a.test'],
  ['a.test/x@b.test', 'a.test'],
  ['romeo@', undefined],
  ['/x', undefined],
  ['', undefined],
])('the domain in %s is %s', (address, domain) => {
  expect(domainIn(address)).toBe(domain)
})
