/**
 * The floor table of docs/architecture.md: which of our packages a package may import.
 * eslint.config.js turns it into import rules; scripts/check-floors.ts compares it with the manifests.
 */
interface Floors {
  readonly packages: Readonly<Record<string, readonly string[]>>
  /** These run in a browser: no node: import but in their platform files. */
  readonly browser: readonly string[]
  readonly platformFiles: Readonly<Record<string, readonly string[]>>
}

const zeroToTwo = ['jid', 'xml', 'sasl', 'plugin', 'stanza', 'stream', 'storage', 'cluster']

export const floors: Floors = {
  packages: {
    jid: [],
    xml: [],
    sasl: ['jid'],
    plugin: [],
    stanza: ['jid', 'xml'],
    stream: ['jid', 'xml', 'sasl', 'stanza', 'plugin'],
    storage: ['jid'],
    cluster: [],
    net: ['stream', 'xml', 'plugin'],
    'storage-sqlite': ['storage'],
    client: [...zeroToTwo, 'net'],
    server: zeroToTwo,
    s2s: zeroToTwo,
    component: zeroToTwo,
    testkit: zeroToTwo,
  },
  browser: ['jid', 'xml', 'sasl', 'plugin', 'stanza', 'stream', 'storage', 'cluster', 'client'],
  platformFiles: {
    sasl: ['packages/sasl/src/platform/node.ts'],
    xml: ['packages/xml/src/platform/node.ts'],
    client: ['packages/client/src/node.ts'],
  },
}
