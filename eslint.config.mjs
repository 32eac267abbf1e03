// Lint: types, floating promises, and who may import whom. The table of layers is the one in ARCHITECTURE.md.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which libs each layer holds, and which layers it may import. Domain and edge meet only in an app. */
const layers = {
  base: { libs: ['base', 'parameters'], mayImport: ['base'] },
  domain: { libs: ['corpus', 'model', 'optimizer', 'codec', 'training'], mayImport: ['base', 'domain'] },
  engine: { libs: ['engine', 'compute'], mayImport: ['base', 'domain', 'engine'] },
  // The one domain lib that a format may know is `model`: it says what the tensors are called.
  edge: {
    libs: [
      'access',
      'http',
      'wire',
      'checkpoint',
      'store',
      'ledger',
      'weights',
      'metrics',
      'log',
      'tensorboard',
      'run-json',
    ],
    mayImport: ['base', 'edge'],
    alsoLibs: ['model'],
  },
};

const tensorflow = {
  group: ['@tensorflow/*'],
  message: 'Only libs/engine knows the TensorFlow binding.',
};

const standardInput = {
  group: ['node:process', 'process'],
  message:
    'It opens standard input, which others may share, and makes it non-blocking; `process` is there without it.',
};

/** The lint rule that keeps one layer's libs from importing what they may not. */
function boundary(name) {
  const { libs, mayImport, alsoLibs = [] } = layers[name];
  const allowed = [...mayImport.flatMap((layer) => layers[layer].libs), ...alsoLibs];
  const forbidden = [
    ...Object.values(layers).flatMap((layer) => layer.libs),
    'coordinator',
    'worker',
    'dashboard',
  ]
    .filter((lib) => !allowed.includes(lib))
    .map((lib) => `@rocinante/${lib}`);
  return libs.map((lib) => ({
    files: [`libs/${lib}/src/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: forbidden, message: `The ${name} layer may import ${allowed.join(', ')} only.` },
            { group: ['@rocinante/*/*', '../../*'], message: 'Import a lib by its name, not by its files.' },
            ...(lib === 'engine' ? [] : [tensorflow]),
            standardInput,
          ],
        },
      ],
    },
  }));
}

export default tseslint.config(
  { ignores: ['**/dist/**', '**/generated/**', '**/node_modules/**', '.nx/**', 'runs/**', '**/.venv/**'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        // One program, and one for the browser: a project service reads the types of a lib anew for each project that imports it.
        project: ['tsconfig.lint.json', 'apps/dashboard/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  ...Object.keys(layers).flatMap(boundary),
  {
    files: ['apps/*/src/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            tensorflow,
            standardInput,
            { group: ['@rocinante/*/*'], message: 'Import a lib by its name, not by its files.' },
            {
              group: ['@rocinante/coordinator', '@rocinante/worker', '@rocinante/dashboard'],
              message: 'No app imports another.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
  },
);
