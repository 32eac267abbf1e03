/**
 * Goal: what docs/weights.md shows of weights in NumPy, PyTorch and Keras is so. Method: its pieces are run as they stand, on a network of
 * each kind of input, and say the loss that `evaluate` does, which other code computes. Of a text of less than three windows an
 * evaluation has one stream, which carries its state from the first window to the end, as the pieces do.
 *
 * With `--long`, or where `ROCINANTE_TORCH_PYTHON` names a Python with numpy, torch and keras. A piece is skipped where no Python that is
 * known has its modules: that one, `ROCINANTE_PYTHON`, or the one that `benchmark:seed-step` makes.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '@rocinante/base';
import { firstValues, type NetworkSpec } from '@rocinante/model';
import { writeWeightsFile } from '@rocinante/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rocinante, Workspace } from '../support/rocinante.js';
import { smallText } from '../support/small-run.js';

const workspace = new Workspace();
afterAll(() => workspace.remove());

const WINDOW = 20;
const text = smallText(3 * WINDOW - 1);
const vocabulary = [...new Set(text)].sort();

const pieces = piecesOf(readFileSync(new URL('../../docs/weights.md', import.meta.url), 'utf8'));
const { ROCINANTE_TORCH_PYTHON, ROCINANTE_PYTHON, ROCINANTE_LONG } = process.env;
const wanted = ROCINANTE_LONG === '1' || ROCINANTE_TORCH_PYTHON !== undefined;
const made = join(cacheDirectory(process.env), 'python', 'torch-2.15.0', 'bin', 'python');
const pythons = [ROCINANTE_TORCH_PYTHON, ROCINANTE_PYTHON, made].filter((path) => path && existsSync(path));
const env = { KERAS_BACKEND: 'torch', ...process.env };

/** Each program's piece, and the Python that runs it. */
const programs = (
  [
    ['NumPy', 'numpy'],
    ['PyTorch', 'numpy, torch'],
    ['Keras', 'numpy, keras'],
  ] as const
).map(([heading, modules]) => ({
  heading,
  modules,
  python: wanted
    ? pythons.find((path) => spawnSync(path!, ['-c', `import ${modules}`], { env }).status === 0)
    : undefined,
}));

/** The code under each heading. */
function piecesOf(page: string): Map<string, string> {
  const found = page.matchAll(/^## (\w+)$[^]*?^```python\n([^]*?)^```$/gm);
  return new Map([...found].map(([, heading, code]) => [heading, code]));
}

const kinds: Partial<NetworkSpec>[] = [
  { input: 'embedding', embeddingSize: 5 },
  { input: 'one-hot' },
  { input: 'scaled' },
];

describe.skipIf(!wanted).each(kinds)('a network of %o', (kind) => {
  let folder: Workspace;
  let loss: number;
  beforeAll(async () => {
    folder = new Workspace();
    const network = {
      ...kind,
      layers: [
        { units: 12, dropout: 0.5 },
        { units: 7, dropout: 0 },
      ],
      loss: 'every',
      recurrentActivation: 'sigmoid',
      vocabularySize: vocabulary.length,
    } as NetworkSpec;
    const printed = await rocinante(['config', 'print', '--preset', 'quick']);
    const configuration = JSON.parse(printed.stdout) as Record<string, unknown>;
    const weights = folder.in('final.safetensors');
    // First values are small: larger ones make the gates matter, and biases that differ.
    const parameters = firstValues(network, 7).map((value, index) => 3 * value + 0.3 * Math.sin(index));
    const rest = { vocabulary, normalisation: 'none', window: WINDOW, step: 0, configuration };
    await writeWeightsFile(weights, { network, parameters, ...rest });
    const corpus = folder.write('text.txt', text);
    const order = ['evaluate', weights, '--corpus', corpus, '--part', 'all', '--device', 'cpu', '--json'];
    const said = await rocinante(order);
    const evaluated = JSON.parse(said.stdout) as { loss: number; characters: number };
    expect(evaluated.characters).toBe(text.length - WINDOW);
    loss = evaluated.loss;
  });
  afterAll(() => folder.remove());

  for (const { heading, modules, python } of programs) {
    it.skipIf(!python)(`has our loss in ${heading} (needs ${modules})`, { timeout: 240_000 }, () => {
      const script = `${pieces.get('Reading')!}\n${pieces.get(heading)!}`;
      const ran = spawnSync(python!, ['-c', script], { cwd: folder.path, env, encoding: 'utf8' });
      expect(ran.status, ran.stderr).toBe(0);
      // float32 sums in another order.
      const theirs = Number(ran.stdout.trim().split('\n').at(-1));
      expect(Math.abs(theirs / loss - 1)).toBeLessThan(1e-5);
    });
  }
});
