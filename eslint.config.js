/**
 * What the linter holds. Sizes are the hard limits of the design (§9); the folders that run inside Temporal's sandbox
 * or must give the same answer everywhere get no clock, no chance, no locale and no Node.
 *
 * An exception is a block at the end of this file with its reason, never a comment in the code.
 */
import tseslint from 'typescript-eslint';

const pure = ['src/core/**/*.ts', 'src/language/template/**/*.ts', 'workflows/**/*.ts'];
const tests = ['**/*.test.ts', '**/*.fixture.ts', 'test/**/*.ts'];

const why = 'the same input must give the same answer on every machine, and again at replay';
const forbiddenGlobals = [
  'Intl',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'process',
  'performance',
  'console',
  'Buffer',
  'fetch',
  'crypto',
];
const forbiddenSyntax = [
  [
    'NewExpression[callee.name="Date"][arguments.length=0]',
    'Date without an argument reads the clock',
  ],
  ['CallExpression[callee.name="Date"]', 'Date() reads the clock'],
  ['MemberExpression[object.name="Date"][property.name="now"]', 'Date.now reads the clock'],
  ['MemberExpression[object.name="Math"][property.name="random"]', 'Math.random is chance'],
  [
    'MemberExpression[property.name="localeCompare"]',
    'localeCompare depends on the locale: compare with < and >',
  ],
  ['MemberExpression[property.name=/^toLocale/]', 'toLocale… depends on the locale'],
];

const sizes = {
  // A flat switch over the kinds of a union is easy to read: it counts once.
  complexity: ['error', { max: 12, variant: 'modified' }],
  'max-depth': ['error', 3],
  'max-params': ['error', 4],
  'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
};

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      'coverage/**',
      '.tidemark/**',
      'schema/**',
      '**/*.d.ts',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: ['./tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Without it, what `using` holds is given back while the returned promise still works with it.
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: 'error',
      'no-console': 'off',
      'no-var': 'error',
      'prefer-const': 'error',
      ...sizes,
    },
  },
  {
    files: tests,
    rules: {
      'max-lines': ['error', { max: 600, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': 'off',
    },
  },
  {
    files: pure,
    ignores: tests,
    rules: {
      'no-restricted-globals': [
        'error',
        ...forbiddenGlobals.map((name) => ({ name, message: why })),
      ],
      'no-restricted-syntax': [
        'error',
        ...forbiddenSyntax.map(([selector, what]) => ({ selector, message: `${what}: ${why}` })),
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['node:*', 'fs', 'path', 'os', 'crypto'],
              message: `no Node modules here: ${why}`,
            },
          ],
        },
      ],
    },
  },
  {
    // Temporal's sandbox replaces the clock and chance of workflow code by deterministic ones.
    files: ['workflows/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-syntax': [
        'error',
        ...forbiddenSyntax
          .filter(([, what]) => !/Date\.now|Math\.random/.test(what))
          .map(([selector, what]) => ({ selector, message: `${what}: ${why}` })),
      ],
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-undef': 'off',
      ...sizes,
    },
  },
);
