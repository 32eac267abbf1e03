/** What nvidia-smi is asked of a card, and what its answer says. Whoever asks starts the program. */

/** Why a card's clocks are lower than they could be, but for idleness and settings; by NVML's bits (nvml.h, nvmlClocksEventReason). */
const THROTTLE_BITS = {
  sw_power_cap: 0x4,
  hw_slowdown: 0x8,
  sync_boost: 0x10,
  sw_thermal_slowdown: 0x20,
  hw_thermal_slowdown: 0x40,
  hw_power_brake_slowdown: 0x80,
} as const;

export type ThrottleReason = keyof typeof THROTTLE_BITS;
const THROTTLE_REASONS = Object.keys(THROTTLE_BITS) as ThrottleReason[];

/** A card at a moment. Null is what this card, driver or user is not told. */
export interface CardReading {
  /** As nvidia-smi counts. */
  readonly index: number;
  readonly uuid: string;
  /** Such as `00000000:18:00.0`; empty where it is not told. */
  readonly busId: string;
  /** The model as its maker names it. */
  readonly model: string;
  /** The part of the last sampling period in which a kernel ran, from 0 to 1. */
  readonly utilization: number | null;
  /** Of all programs on the card. */
  readonly memoryUsedBytes: number | null;
  readonly memoryTotalBytes: number | null;
  readonly temperatureCelsius: number | null;
  readonly powerWatts: number | null;
  readonly throttled: readonly ThrottleReason[] | null;
  /** Errors of its memory that could not be corrected, since the driver was loaded. */
  readonly uncorrectedEccErrors: number | null;
}

const IDENTITY = ['index', 'uuid', 'pci.bus_id', 'name'] as const;
const MEASURES = [
  'utilization.gpu',
  'memory.used',
  'memory.total',
  'temperature.gpu',
  'power.draw',
  'clocks_event_reasons.active',
  'ecc.errors.uncorrected.volatile.total',
] as const;

/** What is asked, in this order, of a driver that knows all of it. */
export const TELEMETRY_FIELDS: readonly string[] = [...IDENTITY, ...MEASURES];

/** Drivers before 535 know it by this name. */
const OLDER_NAMES: Readonly<Record<string, string>> = {
  'clocks_event_reasons.active': 'clocks_throttle_reasons.active',
};

/** nvidia-smi's arguments. @param card a UUID, or null for all cards. */
export function telemetryQuery(fields: readonly string[], card: string | null): string[] {
  const which = card === null ? [] : ['-i', card];
  return [...which, `--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
}

/** Whether a word of CUDA_VISIBLE_DEVICES means a part of a card (MIG), which has no telemetry of its own. */
export function isPart(word: string): boolean {
  return word.startsWith('MIG-');
}

/**
 * The UUID of the card that a part is of; null where the list does not name it.
 * @param part `MIG-` and a UUID, or before driver 470 `MIG-`, the card's own UUID, and two numbers, with slashes between.
 * @param list what `nvidia-smi -L` says: a line for each card, and behind it one for each of its parts, which ends `(UUID: MIG-…)`.
 */
export function cardOfPart(part: string, list: string): string | null {
  let card: string | null = null;
  for (const line of list.split('\n')) {
    const uuid = /\(UUID: ([\w/-]{1,100})\)\s*$/.exec(line)?.[1];
    if (uuid?.startsWith('GPU-')) card = uuid;
    else if (uuid?.startsWith(part)) return card;
  }
  return null;
}

/**
 * What to ask in place of what this driver refused: the field that it does not know by its older name, or without it.
 * @param said what nvidia-smi said.
 * @returns null where it complains of something else.
 */
export function fieldsWithout(fields: readonly string[], said: string): string[] | null {
  const unknown = /Field "([^"]+)" is not a valid field to query/.exec(said)?.[1];
  const measures: readonly string[] = MEASURES;
  const place = unknown === undefined ? -1 : fields.indexOf(unknown);
  if (place < 0) return null;
  const older = OLDER_NAMES[unknown!];
  if (older !== undefined) return fields.with(place, older);
  const mayMiss = measures.includes(unknown!) || Object.values(OLDER_NAMES).includes(unknown!);
  return mayMiss ? fields.toSpliced(place, 1) : null;
}

/** An answer, read. */
export interface TelemetryAnswer {
  readonly readings: readonly CardReading[];
  /** Lines that are none of a card, and were passed over. */
  readonly wrongLines: number;
  /** Fields that were answered in words, such as `power.draw: [N/A]`, each once. */
  readonly untold: readonly string[];
}

/** Cards that are read of one answer, at most; and characters of a word that is told. */
const READINGS_MAX = 64;
const WORD_LENGTH_MAX = 40;

/** @param text what was answered, a line a card; @param fields those that were asked. */
export function parseTelemetry(text: string, fields: readonly string[]): TelemetryAnswer {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const untold = new Set<string>();
  const readings = lines.slice(0, READINGS_MAX).flatMap((line) => {
    const words = line.split(',').map((word) => word.trim());
    if (words.length !== fields.length) return [];
    const values = new Map(fields.map((field, place) => [field, words[place]]));
    return readingOf(values, untold) ?? [];
  });
  return { readings, wrongLines: lines.length - readings.length, untold: [...untold] };
}

function readingOf(values: ReadonlyMap<string, string>, untold: Set<string>): CardReading | null {
  const index = Number(values.get('index'));
  const uuid = values.get('uuid') ?? '';
  if (!Number.isInteger(index) || index < 0 || index > 999 || !/^GPU-[\w-]{1,64}$/.test(uuid)) return null;
  /** A number within bounds, times a unit; null where the field was not asked for, or says something else. */
  const measure = (field: (typeof MEASURES)[number], most: number, unit = 1): number | null => {
    const word = values.get(field) ?? values.get(OLDER_NAMES[field] ?? '');
    if (word === undefined) return null;
    const value = /^(\d+(\.\d+)?|0x[0-9a-f]+)$/i.test(word) ? Number(word) : NaN;
    if (value <= most) return value * unit;
    untold.add(`${field}: ${word.slice(0, WORD_LENGTH_MAX)}`);
    return null;
  };
  const bits = measure('clocks_event_reasons.active', Number.MAX_SAFE_INTEGER);
  return {
    index,
    uuid,
    busId: /^[\da-f:.]{1,20}$/i.exec(values.get('pci.bus_id') ?? '')?.[0] ?? '',
    model: (values.get('name') ?? '').slice(0, 100),
    utilization: measure('utilization.gpu', 100, 1 / 100),
    memoryUsedBytes: measure('memory.used', 1e9, 2 ** 20),
    memoryTotalBytes: measure('memory.total', 1e9, 2 ** 20),
    temperatureCelsius: measure('temperature.gpu', 1000),
    powerWatts: measure('power.draw', 1e6),
    throttled: bits === null ? null : THROTTLE_REASONS.filter((reason) => has(bits, THROTTLE_BITS[reason])),
    uncorrectedEccErrors: measure('ecc.errors.uncorrected.volatile.total', Number.MAX_SAFE_INTEGER),
  };
}

/** Bits are of 64, and a number of JavaScript's has 32 for its operators. */
function has(bits: number, bit: number): boolean {
  return Math.floor(bits / bit) % 2 === 1;
}
