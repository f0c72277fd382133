import { defineConfig } from 'vitest/config'

// Tests see the sources: the condition makes every package resolve to its src folder, so no build comes first.
const conditions = ['@tercet/source', 'node', 'module', 'import', 'default']
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } }

export default defineConfig({
  ...shared,
  test: {
    reporters: ['default'],
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/fuzz/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          exclude: ['apps/conformance/**', 'apps/interop/**', '**/node_modules/**'],
        },
      },
      {
        ...shared,
        test: {
          name: 'transcripts',
          include: ['apps/conformance/{src,mutants}/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'crash',
          include: ['apps/conformance/crash/{kill,stop}.test.ts'],
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
          include: ['apps/conformance/abuse/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'interop',
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
