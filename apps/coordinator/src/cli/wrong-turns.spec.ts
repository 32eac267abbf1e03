/** Wrong usage and input, as it is typed: exit code 2, one line that says what was expected and received, and nothing half-written. */
import { mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { networkLayout } from '@rocinante/model';
import { writeWeightsFile, type Weights } from '@rocinante/weights';
import { file, folder, type } from './spec-command.js';

/** Nobody listens there: the port of a service that has not been in use for decades. */
const NOBODY = '127.0.0.1:9';
const SMALL = {
  preset: 'quick',
  network: { input: 'one-hot', layers: [24, 24].map((units) => ({ units, dropout: 0.3 })) },
  text: { window: 20 },
};
const LINE = 'call me ishmael; some years ago, never mind how long precisely. ';
const TEXT = LINE.repeat(300);
const SYMBOLS = [...new Set(TEXT)].sort();

/** What lies in the folder before the wrong turns, and after them. */
let there: string[];

beforeAll(async () => {
  file('corpus.txt', TEXT);
  file('config.json', JSON.stringify(SMALL));
  file('latin1.txt', Uint8Array.from([...Buffer.from('el ni'), 0xf1, ...Buffer.from('o '.repeat(200))]));
  file('empty.txt', '');
  file('short.txt', 'call me Ishmael');
  // Takes no room: a file of nothing but a hole.
  truncateSync(file('long.txt', ''), 2 ** 30 + 1);
  file('other.txt', TEXT.replaceAll('ishmael', 'Wal'));
  file('unknown-key.json', JSON.stringify({ optimizer: { momentum: 0.9 } }));
  file('broken.json', '{');
  mkdirSync(join(folder, 'folder'));
  await writeWeights();
  there = readdirSync(folder);
});

/** Weights of the small network over the letters of its text; and the same cut, of another network, and hostile. */
async function writeWeights(): Promise<void> {
  const weights = (units: number): Weights => {
    const layers = [units, units].map((units) => ({ units, dropout: 0.3 }));
    const network = {
      input: 'one-hot',
      layers,
      recurrentActivation: 'sigmoid',
      loss: 'every',
      vocabularySize: SYMBOLS.length,
    } as const;
    return {
      network,
      vocabulary: SYMBOLS,
      normalisation: 'none',
      window: 20,
      step: 1,
      configuration: {},
      further: {},
      parameters: new Float32Array(networkLayout(network).length),
    };
  };
  await writeWeightsFile(join(folder, 'good.st'), weights(24));
  await writeWeightsFile(join(folder, 'wider.st'), weights(32));
  const good = readFileSync(join(folder, 'good.st'));
  const headerEnd = 8 + Number(good.readBigUInt64LE());
  const header = good.subarray(8, headerEnd).toString();
  const safetensors = (header: string): Buffer => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
    return Buffer.concat([length, Buffer.from(header), good.subarray(headerEnd)]);
  };
  file('cut.st', good.subarray(0, good.length - 1000));
  file('no-weights.st', TEXT.slice(0, 1000));
  file('endless-header.st', Buffer.concat([Buffer.from('ffffffffffffff7f', 'hex'), good.subarray(8)]));
  file('deep-header.st', safetensors('['.repeat(100_000)));
  file(
    'vast-tensor.st',
    safetensors(header.replace(`"shape":[${SYMBOLS.length},96]`, '"shape":[2000000000,2000000000]')),
  );
  file('far-tensor.st', safetensors(header.replace(/"data_offsets":\[0,\d+\]/, '"data_offsets":[0,1e300]')));
}

/** Names of files and folders become those of the folder. */
function inFolder(words: readonly string[]): string[] {
  return words.map((word) => (/\.(txt|json|st)$|^folder$|^new$/.test(word) ? join(folder, word) : word));
}

/** One line on standard error, nothing on standard output, nothing written. */
async function refuses(words: readonly string[], line: RegExp): Promise<void> {
  const { code, stdout, stderr } = await type(inFolder(words));
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(line);
  expect(stderr).toMatch(/^rocinante: .*\n$/);
  expect(readdirSync(folder)).toEqual(there);
}

type Case = readonly [what: string, words: string, line: RegExp];

const texts: readonly Case[] = [
  ['a missing text', '--corpus nowhere.txt', /nowhere\.txt: expected a text file, received no file/],
  ['a folder for a text', '--corpus folder', /folder: expected a text file, received a folder/],
  ['an empty text', '--corpus empty.txt', /empty\.txt: expected a text, received no characters/],
  [
    'a text shorter than a window',
    '--corpus short.txt',
    /expected at least [\d,]+ characters, .*, received 1\d/,
  ],
  ['a text that is not UTF-8, with the place', '--corpus latin1.txt', /latin1\.txt: .*0xF1 at byte 5/],
  ['a text over 1 GiB', '--corpus long.txt', /long\.txt: expected at most 1,073,741,824 bytes/],
];

const configurations: readonly Case[] = [
  ['an unknown option', '--step 5', /unknown option '--step'; did you mean --steps\?$/m],
  ['an unknown preset', '--preset huge', /--preset.*huge.*quick, seed/],
  ['a value out of range', '--learning-rate 0', /--learning-rate.*'0'.*above 0/],
  ['a value that is no number', '--steps many', /--steps.*'many'.*whole number/],
  ['a list with a gap', '--units 64,,32', /--units.*'64,,32'.*1 to 8 whole numbers from 1 to 4096/],
  ['units for another number of layers', '--units 64,32 --layers 3', /--units 64,32 --layers 3: expected/],
  [
    'a batch that is no multiple',
    '--batch 30 --micro-batch 8',
    /--micro-batch 8: must divide the batch of 30/,
  ],
  [
    'a batch larger than the text',
    '--corpus corpus.txt --config config.json --batch 4096 --micro-batch 32',
    /corpus\.txt: expected a batch of at most [\d,]+ windows, .*, received 4,096; take a smaller --batch/,
  ],
  ['an unknown key', '--config unknown-key.json', /unknown-key\.json.*momentum/],
  ['a file that is not JSON', '--config broken.json', /broken\.json: not JSON/],
];

const ours = '--corpus corpus.txt --config config.json';
const beginnings: readonly Case[] = [
  ['missing weights', `${ours} --init-from nowhere.st`, /nowhere\.st: .*no such file/],
  ['cut weights', `${ours} --init-from cut.st`, /cut\.st: .*the file is cut/],
  ['a file that is no weights', `${ours} --init-from no-weights.st`, /no-weights\.st: no sound weights file/],
  ['a header without end', `${ours} --init-from endless-header.st`, /header: expected at most \d+ bytes/],
  [
    'weights of another network',
    `${ours} --init-from wider.st`,
    /wider\.st: lstm_1\/kernel: expected \[\d+,96\], received \[\d+,128\]/,
  ],
  [
    'a text of other symbols',
    `--corpus other.txt --config config.json --init-from good.st`,
    /other\.txt: .*expected only the vocabulary's \d+ symbols, received "W"/,
  ],
];

it.each([
  ...[...texts, ...configurations, ...beginnings].flatMap(([what, words, line]) => [
    [`train: ${what}`, `train --run-dir new ${words}`, line] as const,
    [`run start: ${what}`, `run start --coordinator ${NOBODY} ${words}`, line] as const,
  ]),
  ...texts.slice(0, 2).map(([what, words, line]) => {
    const [, text] = words.split(' ');
    return [`corpus push: ${what}`, `corpus push ${text} --coordinator ${NOBODY}`, line] as const;
  }),
  ['train: too many workers', 'train --workers 0', /--workers.*'0'.*whole number from 1/],
  ['train: --resume without a directory', 'train --resume', /--resume: expected --run-dir/],
  ['train: nothing to resume', 'train --resume --run-dir new', /nothing to resume/],
  ['train: a word too many', 'train quickly', /too many arguments/],
  ['run start: a limit', `run start --coordinator ${NOBODY} --min-workers 0`, /--min-workers.*from 1 to/],
  [
    'run start: an address',
    'run start --coordinator nowhere',
    /--coordinator.*'nowhere'.*expected host:port/,
  ],
  ['run resume: a length', `run resume r1 --coordinator ${NOBODY} --steps 0`, /--steps.*'0'.*at least 1/],
  ['run resume: which', `run resume --coordinator ${NOBODY}`, /missing required argument 'run'/],
  ['run: an unknown command', 'run frobnicate', /unknown command 'frobnicate'/],
  ['an unknown command', 'frobnicate', /unknown command 'frobnicate'/],
  ['weights pull: no file', `weights pull r1 --coordinator ${NOBODY}`, /'--out <file>' not specified/],
  ['weights pull: a folder', `weights pull r1 --coordinator ${NOBODY} --out folder`, /received a folder/],
  [
    'weights pull: a file',
    `weights pull r1 --coordinator ${NOBODY} --out good.st`,
    /good\.st: there is a file/,
  ],
  ['weights pull: a format', `weights pull r1 --out x.st --format keras`, /--format.*'keras'.*safetensors/],
  ['serve: an address', 'serve --listen nonsense', /--listen.*'nonsense'.*expected host:port/],
  ['serve: in plain for all', 'serve --listen 0.0.0.0:7070', /--listen 0\.0\.0\.0:7070: .*give --insecure/],
  ['serve: pages in plain for all', 'serve --http [::]:7071', /--http \[::\]:7071: .*give --insecure/],
  ['serve: half a certificate', 'serve --tls-cert good.st', /--tls-cert: expected --tls-key too/],
  ['serve: a book that is none', 'serve --token-file corpus.txt', /corpus\.txt/],
  ['run list: no authority', `run list --coordinator ${NOBODY} --tls-ca nowhere.crt`, /nowhere\.crt: /],
  ['serve: a file for its data', 'serve --data corpus.txt', /corpus\.txt: expected a directory/],
  ['serve: an unknown option', 'serve --port 7070', /unknown option '--port'/],
  [
    'evaluate: no text',
    'evaluate good.st',
    /--corpus: expected a text, for \S+good\.st lies in no run's directory .*; give a file, bundled or quijote$/m,
  ],
  ['sample: missing weights', 'sample nowhere.st', /nowhere\.st: .*no such file/],
  [
    'sample: a folder',
    'sample folder',
    /folder: .*expected a file, received a directory; give weights\/final/,
  ],
  ['sample: cut weights', 'sample cut.st', /cut\.st: .*the file is cut/],
  ['sample: no weights', 'sample no-weights.st', /no-weights\.st: no sound weights file/],
  ['sample: a header without end', 'sample endless-header.st', /header: expected at most \d+ bytes/],
  ['sample: a header without bottom', 'sample deep-header.st', /header: expected at most \d+ levels/],
  ['sample: a vast tensor', 'sample vast-tensor.st', /lstm_1\/kernel": expected more bytes than a file has/],
  ['sample: a tensor far away', 'sample far-tensor.st', /lstm_1\/kernel": expected data_offsets/],
  ['sample: unknown characters', 'sample good.st --prompt Queequeg', /received "Q", "q", "u"/],
  ['sample: a temperature', 'sample good.st --temperature -1', /--temperature.*'-1'.*at least 0/],
] as readonly Case[])('exit code 2, in one line: %s', (_what, words, line) =>
  refuses(words.split(' '), line),
);
