import type { Command } from 'commander';
import { NORMALISATIONS, type Normalisation } from '@rocinante/corpus';
import { oneLine } from '@rocinante/base';
import { resolveConfig } from '../config.js';
import { readCorpus } from '../corpus/corpus-file.js';
import { controlSymbolsLine } from '../corpus/control-symbols.js';
import { corpusInfo, type CorpusInfo, type EpochSize, type SymbolCount } from '../corpus/corpus-info.js';
import { counted } from '../display/quantities.js';
import { presets, type PresetName } from '../presets.js';
import { epochsThatSuit } from '../run-length.js';
import { addCorpusPush } from './corpus-push.js';
import { option } from './option-values.js';

const SYMBOLS_SHOWN = 20;

/** A symbol that occurs less often is hardly learnt, and costs as many parameters as any. */
const RARE_COUNT = 10;

interface InfoFlags {
  readonly preset?: PresetName;
  readonly config?: string;
  readonly normalisation?: Normalisation;
  readonly json: boolean;
}

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
      option('--preset <name>', 'read the text as this preset does (default: quick)', 'PRESET').choices(
        Object.keys(presets),
      ),
    )
    .addOption(option('--config <file>', 'read it as a run of this configuration does', 'CONFIG'))
    .addOption(
      option('--normalisation <name>', 'treat the text so instead', 'NORMALISATION').choices(NORMALISATIONS),
    )
    .option('--json', 'one line of JSON on standard output', false)
    .action(async (name: string, { json, ...flags }: InfoFlags) => {
      const config = resolveConfig(flags);
      const { bytes } = await readCorpus(name, process.env);
      const own = flags.config === undefined ? null : config;
      const info = corpusInfo(bytes, config.text.normalisation, `corpus ${name}`, own);
      process.stdout.write(json ? `${JSON.stringify(info)}\n` : infoText(info, flags.config));
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
    'in lower case and without accents, as preset seed reads it (preset quick reads it as it is: --preset quick)',
  nfc: 'with its letters composed (preset quick reads it as it is: --preset quick; seed in lower case and without accents: --preset seed)',
  none: 'as it is, as train reads it by default (preset seed: in lower case and without accents: --preset seed)',
};

function infoText(info: CorpusInfo, configPath: string | undefined): string {
  const number = (value: number): string => value.toLocaleString('en-US');
  const shown = ({ symbol, count }: SymbolCount): string => `${JSON.stringify(symbol)} ${number(count)}`;
  const most = info.symbolCounts.slice(0, SYMBOLS_SHOWN).map(shown);
  const rare = info.symbolCounts.filter(({ count }) => count < RARE_COUNT).reverse();
  const more = rare.length > SYMBOLS_SHOWN ? ` and ${number(rare.length - SYMBOLS_SHOWN)} more` : '';
  const strange = controlSymbolsLine('the text', info.symbolCounts.map(({ symbol }) => symbol).sort());
  const lines = [
    `${counted(info.bytes, 'byte')}, SHA-256 ${info.sha256}`,
    `${counted(info.characters, 'character')}, ${counted(info.symbols, 'symbol')}, ${TREATMENTS[info.normalisation]}`,
    `most frequent: ${most.join(', ')}`,
    ...(rare.length === 0
      ? []
      : [
          `fewer than ${RARE_COUNT} times: ${counted(rare.length, 'symbol')}: ${rare.slice(0, SYMBOLS_SHOWN).map(shown).join(', ')}${more}`,
        ]),
    ...(strange === null ? [] : [strange]),
    ...info.epochs.map((size) => epochText(size, configPath)),
  ];
  return `${lines.join('\n')}\n`;
}

function epochText(
  { preset, charactersNeeded, smallerBatch, ...size }: EpochSize,
  configPath: string | undefined,
): string {
  const name = preset === null ? `configuration ${oneLine(configPath!)}` : `preset ${preset}`;
  const { windows, window, stride, heldOut, steps, batch } = size;
  const longer = `it needs ${counted(charactersNeeded ?? 0, 'character')}`;
  if (windows === 0) return `${name}: too short, ${longer}`;
  const every = stride === 1 ? 'at every character' : `one every ${stride} characters`;
  const without = heldOut ? ', with a tenth of the text held out' : '';
  const what = `${name}: ${counted(windows, 'window')} of ${window}, ${every}${without}`;
  if (smallerBatch !== null) return `${what}: too few for a batch of ${batch}; ${longer}, or ${smallerBatch}`;
  const taken = `${what}; an epoch is ${counted(steps, 'step')} of ${batch}`;
  if (preset === null) return taken;
  const { epochs } = presets[preset];
  const suits = epochsThatSuit(steps, epochs);
  const few =
    suits === null
      ? ''
      : `, and ${counted(epochs, 'epoch')} of it are few to learn from: train with ${suits}`;
  return taken + few;
}
