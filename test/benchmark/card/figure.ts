import type { Part } from './options.js';

/** One measured thing. */
export interface Figure {
  readonly what: string;
  /** Null where it could not be had; `note` says why. */
  readonly value: number | string | null;
  readonly unit: string;
  /** What is asked of it, in words; null where it only explains another. */
  readonly asked: string | null;
  /** Null where nothing is asked of it, or not here: of a processor, or of small sizes. */
  readonly met: boolean | null;
  readonly note: string | null;
}

export interface Section {
  readonly part: Part;
  readonly title: string;
  state: 'running' | 'done' | 'failed';
  /** Of the whole part, its processes' starts with it. */
  seconds: number | null;
  /** Why it failed. */
  error: string | null;
  readonly figures: Figure[];
  /** What the figures were made of. */
  readonly details: Record<string, unknown>;
}

/** Three digits of a number that is not whole. */
export function shown(value: Figure['value']): string {
  if (value === null) return '-';
  if (typeof value === 'string' || Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
