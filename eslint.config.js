import js from '@eslint/js'
import tseslint from 'typescript-eslint'
import { floors } from './floors.ts'

/** Every package of ours that `name` may not import, as a no-restricted-imports rule. */
function borders(name, allowed, extra = []) {
  const forbidden = Object.keys(floors.packages).filter(other => other !== name && !allowed.includes(other))
  const patterns = [
    {
      group: forbidden.flatMap(other => [`@tercet/${other}`, `@tercet/${other}/*`]),
      message: `Above or beside ${name} in the floor table (docs/architecture.md).`,
    },
    { group: ['../../../*', '**/packages/*/src/**'], message: 'Import a package by its name.' },
    ...extra,
  ]
  return ['error', { patterns: patterns.filter(pattern => pattern.group.length > 0) }]
}

const noNode = [{ group: ['node:*'], message: 'This package runs in browsers; platform files alone meet Node.' }]

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/*.table.ts', '**/.turbo/**'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // A list of features for many hosts holds values for their common shape, not instances.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      'no-control-regex': 'off',
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      eqeqeq: 'error',
    },
  },
  ...Object.entries(floors.packages).map(([name, allowed]) => ({
    files: [`packages/${name}/src/**/*.ts`],
    ignores: ['**/*.test.ts', ...(floors.platformFiles[name] ?? [])],
    rules: {
      'no-restricted-imports': borders(name, allowed, floors.browser.includes(name) ? noNode : []),
    },
  })),
  {
    files: ['**/*.test.ts', '**/bench/**', '**/fuzz/**', '**/suite.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [] }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs'], ...tseslint.configs.disableTypeChecked },
)
