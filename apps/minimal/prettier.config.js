import shared from '../../prettier.config.js'

// These programs are to be read at a glance: 100 columns, as src/limits.test.ts holds them to.
export default { ...shared, printWidth: 100 }
