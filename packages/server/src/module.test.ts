import { memoryStorage } from '@tercet/storage/memory'
import { service } from '@tercet/plugin'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createServer, defineModule, type Module } from './index.ts'

const number = service<number>('number')
const seen: unknown[] = []

const provider = defineModule({ name: 'provider', provides: number, setup: () => 7 })
const configured = defineModule({
  name: 'configured',
  needs: [number],
  options: z.strictObject({
    open: z.boolean().default(false),
    per_hour: z.int().positive().optional(),
    nested: z.strictObject({ depth: z.int().default(1) }).default({ depth: 1 }),
  }),
  setup(_host, seven, options) {
    const open: boolean = options.open
    // @ts-expect-error -- options have the types of the schema
    const wrong: string = options.open
    seen.push([seven, open, wrong, options])
  },
})
const plain = defineModule({ name: 'plain', setup: () => {} })

async function load(modules: readonly Module[], moduleOptions?: Readonly<Record<string, unknown>>): Promise<void> {
  const server = await createServer({
    storage: memoryStorage(),
    hosts: [{ name: 'a.test', modules }],
    ...(moduleOptions ? { moduleOptions } : {}),
  })
  await server.stop()
}

test('options come after the needed services, with their defaults', async () => {
  seen.length = 0
  await load([configured, provider])
  expect(seen).toEqual([[7, false, false, { open: false, nested: { depth: 1 } }]])
})

test('what is set replaces the defaults', async () => {
  seen.length = 0
  await load([provider, configured, plain], { configured: { open: true, per_hour: 3 }, plain: {} })
  expect(seen).toEqual([[7, true, true, { open: true, per_hour: 3, nested: { depth: 1 } }]])
})

test.each<[string, Record<string, unknown>, { module: string; path: string[]; message: RegExp }]>([
  [
    'a value of another type',
    { configured: { open: 'yes' } },
    { module: 'configured', path: ['open'], message: /^modules\.configured\.open: / },
  ],
  [
    'a value out of its range',
    { configured: { per_hour: 0 } },
    { module: 'configured', path: ['per_hour'], message: /per_hour/ },
  ],
  [
    'a key that nobody knows',
    { configured: { opne: true } },
    { module: 'configured', path: ['opne'], message: /opne/ },
  ],
  [
    'a nested key that nobody knows',
    { configured: { nested: { deep: 1 } } },
    { module: 'configured', path: ['nested', 'deep'], message: /nested\.deep/ },
  ],
  ['no table', { configured: 5 }, { module: 'configured', path: [], message: /^modules\.configured: / }],
  ['a module without options', { plain: { a: 1 } }, { module: 'plain', path: ['a'], message: /no options/ }],
  ['a module without options and no table', { plain: true }, { module: 'plain', path: [], message: /no options/ }],
  [
    'a module that no host loads',
    { confgured: {} },
    { module: 'confgured', path: [], message: /configured, plain, provider/ },
  ],
  ['a name out of the prototype', { constructor: {} }, { module: 'constructor', path: [], message: /No host loads/ }],
])('options are refused by module and key: %s', async (_, options, { module, path, message }) => {
  const refused = load([provider, configured, plain], options)
  await expect(refused).rejects.toThrow(TypeError)
  await expect(refused).rejects.toMatchObject({
    name: 'ModuleOptionsError',
    module,
    path,
    message: expect.stringMatching(message) as string,
  })
})
