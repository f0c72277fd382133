import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'

// Tests see the sources: the condition makes every package resolve to its src folder, so no build comes first.
const conditions = ['@tercet/source', 'node', 'module', 'import', 'default']
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } }

/** Tests that name the platform file of Node get the one for browsers too: it has to pass them. */
const webPlatform = {
  name: 'web platform',
  enforce: 'pre' as const,
  resolveId(source: string, importer: string | undefined): string | undefined {
    if (importer === undefined || !/(^#|\/)platform(\/node\.ts)?$/.test(source)) return undefined
    const [, src] = /^(.*\/src\/)/.exec(importer) ?? []
    return src && `${src}platform/web.ts`
  },
}

// One project after the other: what is measured or killed does not share the machine with the rest.
export default defineConfig({
  ...shared,
  test: {
    reporters: ['default'],
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/fuzz/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: ['apps/conformance/**', 'apps/interop/**', '**/node_modules/**'],
          // Property tests take seconds, and several where others use the machine.
          testTimeout: 20_000,
          hookTimeout: 20_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'transcripts',
          sequence: { groupOrder: 1 },
          include: ['apps/conformance/{src,mutants}/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'crash',
          sequence: { groupOrder: 2 },
          include: ['apps/conformance/crash/{kill,stop}.test.ts', 'apps/conformance/phone/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          // The crash tests that need strace, or may mount.
          name: 'system',
          sequence: { groupOrder: 4 },
          include: ['apps/conformance/crash/{order,full-disk}.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          // The same transcripts on somebody else's server, which must fail where the list says so, and nowhere else.
          name: 'prosody',
          sequence: { groupOrder: 5 },
          include: ['apps/conformance/src/run.test.ts'],
          env: { TERCET_PLAYS_SERVER: 'prosody' },
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'abuse',
          sequence: { groupOrder: 3 },
          include: ['apps/conformance/abuse/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        // The letters and words in Debian's Chromium, on their web platform files, and the client as a page has it.
        plugins: [webPlatform],
        resolve: { conditions: ['@tercet/source', 'browser', 'module', 'import', 'default'] },
        test: {
          name: 'browser',
          sequence: { groupOrder: 7 },
          include: [
            'packages/{jid,plugin,sasl,stream,xml}/src/**/*.test.ts',
            'packages/stanza/src/*.test.ts',
            'apps/conformance/browser/**/*.test.ts',
          ],
          // They need Node: its crypto to compare with, its files, its collector.
          exclude: [
            '**/readme.test.ts',
            'packages/sasl/src/{channel-binding,ht}.test.ts',
            'packages/sasl/src/platform/platform.test.ts',
            'packages/stream/src/kept.test.ts',
          ],
          globalSetup: ['apps/conformance/browser/setup.ts'],
          testTimeout: 30_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: { executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] } }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        ...shared,
        test: {
          name: 'interop',
          sequence: { groupOrder: 6 },
          include: ['apps/interop/src/**/*.test.ts'],
          globalSetup: ['apps/interop/src/summary.setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
