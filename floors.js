/**
 * The floor table of docs/architecture.md: which of our packages a package may import.
 * eslint.config.js turns it into import rules; scripts/check-floors.ts compares it with the manifests.
 */
const zeroToTwo = ['jid', 'xml', 'sasl', 'plugin', 'stanza', 'stream', 'storage']

export const floors = {
  packages: {
    jid: [],
    xml: [],
    sasl: ['jid'],
    plugin: [],
    stanza: ['jid', 'xml'],
    stream: ['jid', 'xml', 'sasl', 'stanza', 'plugin'],
    storage: ['jid'],
    net: ['stream', 'xml', 'plugin'],
    'storage-sqlite': ['storage'],
    client: [...zeroToTwo, 'net'],
    server: zeroToTwo,
    testkit: zeroToTwo,
  },
  /** These run in a browser: no node: import but in their platform files. */
  browser: ['jid', 'xml', 'sasl', 'plugin', 'stanza', 'stream', 'storage', 'client'],
  platformFiles: {
    sasl: ['packages/sasl/src/platform/node.ts'],
    xml: ['packages/xml/src/platform/node.ts'],
    client: ['packages/client/src/node.ts'],
  },
}
