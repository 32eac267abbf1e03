import { InvalidArgumentError, Option } from 'commander';
import {
  CARD_LIST_EXPECTED,
  parseAddress,
  parseCardList,
  WORKERS_PER_GPU_MAX,
  type CardList,
} from '@rocinante/base';
import { LSTM_CHOICES } from '@rocinante/model';
import type { Device } from '@rocinante/engine';

/** Parsers of option values; what they refuse becomes one line that names the option and the value. */

/** A whole number within bounds. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (value: string) => number {
  return (value) => {
    const parsed = Number(value);
    if (!/^-?\d+$/.test(value) || parsed < least || parsed > most) {
      throw new InvalidArgumentError(
        most === Number.MAX_SAFE_INTEGER
          ? `expected a whole number, at least ${least}.`
          : `expected a whole number from ${least} to ${most}.`,
      );
    }
    return parsed;
  };
}

/** Whole numbers within bounds, commas between them. */
export function wholeNumbers(least: number, most: number, countMax: number): (value: string) => number[] {
  return (value) => {
    const parts = value.split(',');
    const numbers = parts.map(Number);
    const isGood = (part: string, index: number): boolean =>
      /^\d+$/.test(part) && numbers[index] >= least && numbers[index] <= most;
    if (parts.length > countMax || !parts.every(isGood)) {
      throw new InvalidArgumentError(
        `expected 1 to ${countMax} whole numbers from ${least} to ${most}, with commas between them.`,
      );
    }
    return numbers;
  };
}

/** A number of zero or more. */
export function nonNegative(value: string): number {
  const parsed = Number(value);
  if (value.trim() === '' || !Number.isFinite(parsed) || parsed < 0) {
    throw new InvalidArgumentError('expected a number, at least 0.');
  }
  return parsed;
}

/** A time of zero seconds or more, or `auto`. */
export function secondsOrAuto(value: string): number | 'auto' {
  if (value === 'auto') return value;
  const parsed = Number(value);
  if (value.trim() === '' || !Number.isFinite(parsed) || parsed < 0) {
    throw new InvalidArgumentError('expected a number of seconds, at least 0, or auto.');
  }
  return parsed;
}

/** A number above zero. */
export function positive(value: string): number {
  const parsed = Number(value);
  if (value.trim() === '' || !Number.isFinite(parsed) || parsed <= 0) {
    throw new InvalidArgumentError('expected a number above 0.');
  }
  return parsed;
}

/** A part of a whole: 0 for none of it, 1 for all. */
export function share(value: string): number {
  const parsed = Number(value);
  if (value.trim() === '' || !(parsed >= 0 && parsed <= 1)) {
    throw new InvalidArgumentError('expected a number from 0 to 1.');
  }
  return parsed;
}

/** A part of a whole that is not nothing. */
export function shareAboveZero(value: string): number {
  const parsed = Number(value);
  if (value.trim() === '' || !(parsed > 0 && parsed <= 1)) {
    throw new InvalidArgumentError('expected a number above 0, at most 1.');
  }
  return parsed;
}

/** A text of so many characters at most, and at least one. */
export function shortText(lengthMax: number): (value: string) => string {
  return (value) => {
    if (value === '' || [...value].length > lengthMax) {
      throw new InvalidArgumentError(`expected 1 to ${lengthMax} characters.`);
    }
    return value;
  };
}

/** An option that may be given several times, each time with a value that `parse` takes. */
export function repeated(
  parse: (value: string) => string,
  countMax: number,
): (value: string, before: readonly string[]) => string[] {
  return (value, before) => {
    if (before.length === countMax) throw new InvalidArgumentError(`expected at most ${countMax} of them.`);
    return [...before, parse(value)];
  };
}

/** `host:port` of another's; an IPv6 address stands in brackets. */
export function hostAndPort(value: string): string {
  return address(value, 1);
}

/** `host:port` to listen at; port 0 takes any free one. */
export function listenAddress(value: string): string {
  return address(value, 0);
}

function address(value: string, portMin: number): string {
  const parsed = parseAddress(value);
  if (parsed === null || parsed.port < portMin) {
    throw new InvalidArgumentError('expected host:port, such as 127.0.0.1:7070.');
  }
  return value;
}

/** An option that an environment variable can give too. */
export function option(flags: string, description: string, environment: string): Option {
  return new Option(flags, description).env(`ROCINANTE_${environment}`);
}

/** How LSTM layers are computed. */
export function lstmOption(): Option {
  return option(
    '--lstm <path>',
    'how LSTM layers are computed: on a card cudnn, on a processor plain',
    'LSTM',
  )
    .choices([...LSTM_CHOICES])
    .default('auto');
}

/** The engine is not loaded for a list of words. */
const DEVICES: readonly Device[] = ['auto', 'cpu', 'gpu'];

/** Of commands that compute on this machine. The launcher has decided on `auto` where it sets up the engine. */
export function deviceOption(): Option {
  return option('--device <name>', 'what to compute on', 'DEVICE').choices(DEVICES).default('auto');
}

/** Cards, each of which gets a worker of its own. */
export function cardsOption(): Option {
  return option(
    '--gpus <list>',
    'a worker on each of these cards, set aside as they fail: all, or numbers or UUIDs such as 0,2',
    'GPUS',
  ).argParser((value): CardList => {
    const list = parseCardList(value);
    if (list === null) throw new InvalidArgumentError(`expected ${CARD_LIST_EXPECTED}.`);
    return list;
  });
}

export function workersPerGpuOption(): Option {
  return option('--workers-per-gpu <n>', 'with --gpus: workers that share a card', 'WORKERS_PER_GPU')
    .argParser(wholeNumber(1, WORKERS_PER_GPU_MAX))
    .default(1);
}

/** Every command's: what a script reads. */
export function jsonOption(): Option {
  return new Option('--json', 'end with one line of JSON on standard output').default(false);
}
