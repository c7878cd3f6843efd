import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

/** The floors of shared/, from the ground: each may import from those before it. */
const FLOORS = [
  ...['errors', 'json', 'telemetry', 'settings', 'change', 'azure', 'yaml', 'context', 'mapping', 'lob', 'writer'],
  ...['dataverse', 'parking', 'inbound', 'receive', 'rules', 'sync', 'app'],
];
const UPWARD = FLOORS.map((floor, at) => ({
  target: `./shared/${floor}`,
  from: [...FLOORS.slice(at + 1).map((above) => `./shared/${above}`), './functions', './tools', './local', './bench'],
  message: 'What two floors of shared/ need lies on the floor below both.',
}));

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js'] })] },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/prefer-nullish-coalescing': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones: UPWARD }],
      'import-x/no-default-export': 'error',
      // The pure core imports no SDK and reads neither clock nor environment.
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only shared/settings reads the environment.' },
      ],
    },
  },
  {
    files: ['functions/**', 'shared/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportExpression[source.value=/^[^.]/]',
          message:
            'Import a module of ours that imports the package: bundled, a CommonJS package would have no named exports.',
        },
      ],
    },
  },
  {
    files: ['shared/change/**', 'shared/writer/decide.ts', 'shared/lob/stamp.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: ['@azure/*', 'node:fs*', 'node:http*'] }],
      'no-restricted-globals': ['error', 'setTimeout', 'fetch'],
      'no-restricted-syntax': [
        'error',
        ...[
          "MemberExpression[object.name='Date'][property.name='now']",
          "NewExpression[callee.name='Date'][arguments.length=0]",
        ].map((selector) => ({ selector, message: 'What the clock says is given, never asked.' })),
      ],
    },
  },
  {
    files: ['shared/settings/**', 'functions/**', 'local/**', 'tools/dvo/**', 'bench/**', 'test/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // Whoever chooses the text chooses how long a search takes, unless no search takes more than linear time.
    files: ['**/*.ts'],
    ignores: ['test/**'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential' }],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'error', '@typescript-eslint/unbound-method': 'off' },
  },
);
