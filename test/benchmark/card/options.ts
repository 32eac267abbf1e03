import { availableCores } from '@rocinante/base';
import { PRECISIONS, type Precision } from '@rocinante/training';
import { parseArgs } from 'node:util';

export const PARTS = ['a', 'b', 'c', 'd', 'e'] as const;
export type Part = (typeof PARTS)[number];

/** What is not as it should be on the command line: one line, exit code 2. */
export class UsageError extends Error {}

export interface CardOptions {
  readonly only: readonly Part[];
  readonly device: 'cpu' | 'gpu';
  /** As `--gpus` names one; null for the first. */
  readonly card: string | null;
  readonly isSmall: boolean;
  /** Where results go; null for a new folder in the current one. */
  readonly out: string | null;
  readonly corpus: string;
  /** A Python with torch; null to measure ours alone. */
  readonly python: string | null;
  /** Parts (b) and (c) are measured in each; all others in the first. */
  readonly precisions: readonly Precision[];
  /** Windows of (c)'s micro-batches. */
  readonly sizes: readonly number[];
  readonly pairs: number;
  /** Turns of a gradient, and steps, that count. */
  readonly steps: number;
  /** Of (b). */
  readonly processes: number;
  /** Of watching the card's use, in (d), and micro-batches of a step there. */
  readonly seconds: number;
  readonly counts: readonly number[];
  /** The longest that (e) trains. */
  readonly minutes: number;
  /** Compute threads of each process. */
  readonly threads: number;
  readonly commit: string | null;
}

const FULL = { sizes: '64,256,1024', pairs: '3', steps: '30', processes: '10', seconds: '60', minutes: '3' };
const SMALL = { sizes: '8,16', pairs: '1', steps: '6', processes: '3', seconds: '3', minutes: '0.1' };

/** A card's process hands out work, and does not compute. */
const CARD_THREADS_MAX = 8;

const STRINGS = [
  ...['only', 'device', 'card', 'out', 'corpus', 'python', 'precision', 'sizes', 'pairs', 'steps'],
  ...['processes', 'seconds', 'counts', 'minutes', 'threads', 'commit'],
] as const;

/** @throws {UsageError} */
export function readOptions(argv: readonly string[]): CardOptions {
  let values: Partial<Record<string, string | boolean>>;
  try {
    const strings = Object.fromEntries(STRINGS.map((name) => [name, { type: 'string' as const }]));
    ({ values } = parseArgs({ args: [...argv], options: { ...strings, small: { type: 'boolean' } } }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('\n')[0]}; docs/gpus.md has what there is`);
  }
  const isSmall = values.small === true;
  const defaults: Partial<Record<string, string>> = isSmall ? SMALL : FULL;
  const text = (name: (typeof STRINGS)[number]): string | undefined =>
    (values[name] as string | undefined) ?? defaults[name];
  const number = (name: (typeof STRINGS)[number], least: number, word = text(name)!): number => {
    const value = word.trim() === '' ? NaN : Number(word);
    const isWhole = Number.isInteger(value) || name === 'minutes';
    if (isWhole && value >= least) return value;
    throw new UsageError(`--${name}: expected numbers from ${least}, received ${word}`);
  };
  const numbers = (name: 'sizes' | 'counts', fallback: string): number[] =>
    (text(name) ?? fallback).split(',').map((word) => number(name, 1, word));
  const words = <Word extends string>(
    name: 'only' | 'precision',
    all: readonly Word[],
    given: string,
  ): Word[] => given.split(',').map((word) => wordOf(`--${name}`, all, word.trim()));
  const device = wordOf('--device', ['gpu', 'cpu'] as const, text('device') ?? 'gpu');
  return {
    only: words('only', PARTS, text('only') ?? PARTS.join(',')),
    device,
    card: text('card') ?? null,
    isSmall,
    out: text('out') ?? null,
    corpus: text('corpus') ?? 'bundled',
    python: text('python') ?? null,
    precisions: words('precision', PRECISIONS, text('precision') ?? 'float32'),
    sizes: numbers('sizes', defaults.sizes!),
    pairs: number('pairs', 1),
    steps: number('steps', 1),
    processes: number('processes', 2),
    seconds: number('seconds', 1),
    counts: numbers('counts', '1,4,16'),
    minutes: number('minutes', 0),
    threads: text('threads') === undefined ? threadsOf(device) : number('threads', 1),
    commit: text('commit') ?? null,
  };
}

function threadsOf(device: 'cpu' | 'gpu'): number {
  return device === 'cpu' ? 1 : Math.max(1, Math.min(CARD_THREADS_MAX, availableCores() >> 1));
}

function wordOf<Word extends string>(name: string, all: readonly Word[], word: string): Word {
  const known = all.find((one) => one === word);
  if (known === undefined) throw new UsageError(`${name}: expected ${all.join(', ')}, received ${word}`);
  return known;
}
