import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePorts } from './ports.ts'

test('ports asked for at the same time are all different', async () => {
  const ports = (await Promise.all(Array.from({ length: 20 }, () => freePorts(3)))).flat()
  expect(new Set(ports).size).toBe(60)
})

test('free ports are different, and can be listened on', async () => {
  const ports = await freePorts(5)
  expect(new Set(ports).size).toBe(5)
  const server = createServer()
  await new Promise<void>(resolve => server.listen(ports[0], '127.0.0.1', resolve))
  await new Promise(resolve => server.close(resolve))
})
