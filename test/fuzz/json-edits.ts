/** Edits of JSON that keep it JSON: a value of another kind, at the end of its range, missing, added, elsewhere, or deep. */
import type { Draw } from './draw.js';

type Container = Record<string, unknown> | unknown[];

const NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  1e-320,
  1e308,
  255,
  256,
  1024,
  1025,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
];

const TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  'null',
  'é\u0301',
  '\u0000',
  '\n',
  '\ud800',
  '../..',
  '/etc',
  '__proto__',
  'constructor',
];

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  '',
  '0',
  '-1',
  'length',
  'name',
  '__metadata__',
  'a\nb',
  'hasOwnProperty',
];

/** Edits a value that was parsed from JSON, in place where it can. @returns what stands in its place. */
export function editJson(value: unknown, draw: Draw): unknown {
  const containers = containersIn(value);
  if (containers.length === 0 || draw.chance(0.02)) return otherValue(value, draw);
  const container = draw.of(containers);
  const keys = Object.keys(container);
  const key = keys.length === 0 ? '0' : draw.of(keys);
  const record = container as Record<string, unknown>;
  switch (draw.below(8)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1 + draw.below(3));
      else delete record[key];
      break;
    case 1:
      set(container, draw.of(NAMES), keys.length === 0 ? 1 : copyOf(record[key]));
      break;
    case 2: {
      // Two values change places.
      const other = keys.length === 0 ? '0' : draw.of(keys);
      const [first, second] = [record[key], record[other]];
      set(container, key, second);
      set(container, other, first);
      break;
    }
    case 3: {
      if (!Array.isArray(container)) break;
      const times = draw.chance(0.1) ? 2 ** draw.below(12) : 1;
      for (let time = 0; time < times; time++) container.push(copyOf(container[Number(key)] ?? 0));
      break;
    }
    default:
      set(container, key, otherValue(record[key], draw));
  }
  return value;
}

/** A copy; the same value again where it is nested too deeply to be copied. */
function copyOf(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return value;
  }
}

function otherValue(value: unknown, draw: Draw): unknown {
  if (draw.chance(0.6)) {
    if (typeof value === 'number') {
      return draw.of([
        value + 1,
        value - 1,
        -value,
        value * 2,
        value / 2,
        value * 1e6,
        draw.of(NUMBERS),
        draw.of(NUMBERS),
      ]);
    }
    if (typeof value === 'string') return otherText(value, draw);
    if (typeof value === 'boolean') return !value;
  }
  switch (draw.below(9)) {
    case 0:
      return null;
    case 1:
      return draw.chance(0.5);
    case 2:
      return draw.of(NUMBERS);
    case 3:
      return draw.of(TEXTS);
    case 4:
      return [];
    case 5:
      return {};
    case 6:
      return [value];
    case 7:
      return { [draw.of(NAMES)]: value };
    default:
      return draw.chance(0.1) ? nested(2 ** draw.below(13)) : draw.of(NUMBERS);
  }
}

function otherText(text: string, draw: Draw): string {
  const at = draw.below(text.length + 1);
  switch (draw.below(7)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + draw.of(TEXTS) + text.slice(at);
    case 2:
      return text.repeat(draw.chance(0.1) ? Math.floor(2 ** draw.below(17) / Math.max(1, text.length)) : 2);
    case 3:
      return text.toUpperCase();
    case 4:
      return String(draw.of(NUMBERS));
    case 5:
      return text.slice(0, at) + String.fromCharCode(draw.below(0x10000)) + text.slice(at + 1);
    default:
      return draw.of(TEXTS);
  }
}

/** An array in an array and so on, built without recursion. */
function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** As JSON.parse sets it: `__proto__` is a name like another. */
function set(container: Container, key: string, value: unknown): void {
  if (Array.isArray(container) && !/^\d{1,4}$/.test(key)) container.push(value);
  else Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

/** All objects and arrays of a value, itself first; those that lie too deep to be told apart are left out. */
function containersIn(value: unknown): Container[] {
  const found: Container[] = [];
  const left: unknown[] = [value];
  while (left.length > 0 && found.length < 500) {
    const next = left.shift();
    if (typeof next !== 'object' || next === null) continue;
    found.push(next as Container);
    left.push(...(Object.values(next) as unknown[]).slice(0, 100));
  }
  return found;
}

/** JSON of a value. @returns null where it lies too deep for JSON.stringify, which is no matter of whoever reads it. */
export function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return null;
  }
}

/** JSON's text with a stretch of it doubled: names that stand twice. */
export function doubleMember(json: string, draw: Draw): string {
  const members = [...json.matchAll(/"[^"\\]*":("[^"\\]*"|-?\d+|null|true|false)/g)];
  if (members.length === 0) return json;
  const [member] = draw.of(members);
  const at = draw.of(members).index;
  return `${json.slice(0, at)}${member},${json.slice(at)}`;
}
