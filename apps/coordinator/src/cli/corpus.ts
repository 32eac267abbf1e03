import type { Command } from 'commander';
import { Option } from 'commander';
import { NORMALISATIONS, type Normalisation } from '@rocinante/corpus';
import { readCorpus } from '../corpus/corpus-file.js';
import { corpusInfo, type CorpusInfo, type EpochSize } from '../corpus/corpus-info.js';
import { counted } from '../display/quantities.js';
import { presets } from '../presets.js';
import { epochsThatSuit } from '../run-length.js';
import { addCorpusPush } from './corpus-push.js';

const SYMBOLS_SHOWN = 20;

export function addCorpus(program: Command): void {
  const corpus = program.command('corpus').description('get a text, look at one, or send one');
  corpus
    .command('fetch')
    .description('get a book from Project Gutenberg into the cache')
    .argument('<book>', 'quijote', (book: string) => book)
    .option('--url <url>', 'another address of the same text')
    .option('--json', 'end with one line of JSON on standard output', false)
    .action(async (book: string, flags: { url?: string; json: boolean }, command: Command) => {
      if (book !== 'quijote') command.error(`error: book: expected quijote, received ${book}`);
      const { fetchQuijote } = await import('../corpus/book-fetch.js');
      const onProgress = showDownload();
      const fetched = await fetchQuijote({ url: flags.url, environment: process.env, onProgress });
      if (process.stderr.isTTY) process.stderr.write('\n');
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(fetched)}\n`
          : `${fetched.path}\nuse it with: ./rocinante train --corpus quijote\n`,
      );
    });
  corpus
    .command('info')
    .description('what a text has: characters, symbols, windows and steps of an epoch in each preset')
    .argument('<text>', 'a text file, bundled or quijote')
    .addOption(
      new Option('--normalisation <name>', 'how the text is treated first')
        .choices(NORMALISATIONS)
        .default('reference'),
    )
    .option('--json', 'one line of JSON on standard output', false)
    .action(async (name: string, flags: { normalisation: Normalisation; json: boolean }) => {
      const { bytes } = await readCorpus(name, process.env);
      const info = corpusInfo(bytes, flags.normalisation, `corpus ${name}`);
      process.stdout.write(flags.json ? `${JSON.stringify(info)}\n` : infoText(info));
    });
  addCorpusPush(corpus);
}

function showDownload(): (received: number, total: number | null) => void {
  if (!process.stderr.isTTY) return () => undefined;
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return (received, total) => {
    const of = total === null ? '' : ` of ${megabytes(total)}`;
    process.stderr.write(`\rreceived ${megabytes(received)}${of} MB`);
  };
}

/** How the text was treated before it was counted, and which preset does the same. */
const TREATMENTS: Readonly<Record<Normalisation, string>> = {
  reference:
    'in lower case and without accents, as preset seed reads it (preset quick reads it as it is: --normalisation none)',
  nfc: 'with its letters composed (presets seed and quick: --normalisation reference and none)',
  none: 'as it is, as preset quick reads it (preset seed: --normalisation reference)',
};

function infoText(info: CorpusInfo): string {
  const number = (value: number): string => value.toLocaleString('en-US');
  const most = info.symbolCounts
    .slice(0, SYMBOLS_SHOWN)
    .map(({ symbol, count }) => `${JSON.stringify(symbol)} ${number(count)}`);
  const lines = [
    `${counted(info.bytes, 'byte')}, SHA-256 ${info.sha256}`,
    `${counted(info.characters, 'character')}, ${counted(info.symbols, 'symbol')}, ${TREATMENTS[info.normalisation]}`,
    `most frequent: ${most.join(', ')}`,
    ...info.epochs.map(epochText),
  ];
  return `${lines.join('\n')}\n`;
}

function epochText({ preset, charactersNeeded, smallerBatch, ...size }: EpochSize): string {
  const { windows, window, stride, heldOut, steps, batch } = size;
  const longer = `it needs ${counted(charactersNeeded ?? 0, 'character')}`;
  if (windows === 0) return `preset ${preset}: too short, ${longer}`;
  const every = stride === 1 ? 'at every character' : `one every ${stride} characters`;
  const without = heldOut ? ', with a tenth of the text held out' : '';
  const what = `preset ${preset}: ${counted(windows, 'window')} of ${window}, ${every}${without}`;
  if (smallerBatch !== null) return `${what}: too few for a batch of ${batch}; ${longer}, or ${smallerBatch}`;
  const { epochs } = presets[preset];
  const suits = epochsThatSuit(steps, epochs);
  const few =
    suits === null
      ? ''
      : `, and ${counted(epochs, 'epoch')} of it are few to learn from: train with ${suits}`;
  return `${what}; an epoch is ${counted(steps, 'step')} of ${batch}${few}`;
}
