import { z } from 'zod';
import { oneLine } from '@rocinante/base';
import { FILE_BYTES_MAX } from '@rocinante/weights';
import { StoreError } from './errors.js';
import { MANIFEST_BYTES_MAX, RECORD_BYTES_MAX } from './limits.js';
import type { ObjectStore } from './object-store.js';

const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const bytes = count.max(FILE_BYTES_MAX);

const checkpointSchema = z.strictObject({
  step: count,
  name: z.string().regex(/^step-\d{8,15}\.safetensors$/),
  bytes,
  sha256,
  /** Whether a run that goes on elsewhere needs it beside the newest: the best, or what a diverged run goes back to. */
  needed: z.boolean(),
});

const partSchema = z.strictObject({ from: count, bytes: bytes.min(1), sha256 });

/** The run's other files, of one object each, or of lines in parts. Another name could lead over what a directory has of its own. */
const WHOLE_FILE = /^((config|run)\.json|corpus|first-weights)$/;
const LINES_FILE = /^(events|ledger|abandoned-\d{1,6})\.jsonl$/;
const fileName = z
  .string()
  .refine(
    (name) => WHOLE_FILE.test(name) || LINES_FILE.test(name),
    'expected a file of a run, received another',
  );

const fieldsSchema = z.strictObject({
  version: z.literal(1),
  /** Names the run, wherever it goes on. */
  run: z.uuid(),
  /** Who wrote this: one activation of one coordinator. */
  writer: z.strictObject({ id: z.uuid(), host: z.string().max(255) }),
  /** How often the run has gone back. */
  rollbacks: count,
  /** The newest checkpoint; null before the first. */
  latest: checkpointSchema.nullable(),
  /** Those before it, newest first. */
  previous: z.array(checkpointSchema),
  /** The run's other files, each in parts that follow each other. */
  files: z.record(fileName, z.array(partSchema)),
  /** Of the run that is done. */
  weights: z.strictObject({ bytes, sha256 }).nullable(),
});

/** What each field says may be, and they together are not: files and checkpoints that no writer makes. */
const manifestSchema = fieldsSchema.superRefine(({ latest, previous, files }, context) => {
  const refuse = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  const checkpoints = latest === null ? previous : [latest, ...previous];
  if (latest === null && previous.length > 0)
    refuse(['latest'], 'expected the newest checkpoint, received none');
  if (new Set(checkpoints.map(({ name }) => name)).size !== checkpoints.length)
    refuse(['previous'], 'expected each checkpoint once');
  for (const { step, name } of checkpoints)
    if (Number(/\d+/.exec(name)![0]) !== step)
      refuse(['latest'], `expected step ${step} in the name ${name}`);
  for (const [name, parts] of Object.entries(files)) {
    const problem = partsProblem(name, parts);
    if (problem !== null) refuse(['files', name], problem);
  }
});

/** Why a file's parts make no file; null where they do. */
function partsProblem(name: string, parts: readonly z.infer<typeof partSchema>[]): string | null {
  const isRecord = name.endsWith('.json');
  if (WHOLE_FILE.test(name) && parts.length !== 1) return `expected one part, received ${parts.length}`;
  let end = 0;
  for (const { from, bytes } of parts) {
    if (from !== end) return `expected a part from ${end} on, received one from ${from} on`;
    end += bytes;
  }
  const most = isRecord ? RECORD_BYTES_MAX : FILE_BYTES_MAX;
  return end > most ? `expected at most ${most} bytes, received ${end}` : null;
}

/** What is in a run's place in a store, as `latest.json` says it: nothing else counts. */
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;
export type StoredCheckpoint = Readonly<z.infer<typeof checkpointSchema>>;
export type FilePart = Readonly<z.infer<typeof partSchema>>;

/** A manifest as it was found, and its etag. */
export interface FoundManifest {
  readonly manifest: Manifest;
  readonly etag: string;
}

export const MANIFEST_KEY = 'latest.json';
export const CHECKPOINTS_FOLDER = 'checkpoints/';
export const FILES_FOLDER = 'files/';
export const WEIGHTS_FOLDER = 'weights/';
export const WEIGHTS_KEY = `${WEIGHTS_FOLDER}final.safetensors`;

/** Hexadecimal digits of a hash that make a key its own: what `latest.json` names is never written over. */
const KEY_DIGITS = 16;

export function checkpointKey({ name, sha256 }: Pick<StoredCheckpoint, 'name' | 'sha256'>): string {
  return `${CHECKPOINTS_FOLDER}${name.replace('.safetensors', '')}-${sha256.slice(0, KEY_DIGITS)}.safetensors`;
}

export function partKey(file: string, { from, sha256 }: Pick<FilePart, 'from' | 'sha256'>): string {
  return `${FILES_FOLDER}${file}/${String(from).padStart(12, '0')}-${sha256.slice(0, KEY_DIGITS)}`;
}

/** All checkpoints of a manifest, newest first. */
export function checkpointsOf({ latest, previous }: Manifest): StoredCheckpoint[] {
  return latest === null ? [] : [latest, ...previous];
}

/** The keys of all that a manifest names. */
export function keysOf(manifest: Manifest): Set<string> {
  const parts = Object.entries(manifest.files).flatMap(([file, parts]) =>
    parts.map((part) => partKey(file, part)),
  );
  return new Set([...checkpointsOf(manifest).map(checkpointKey), ...parts]);
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`);
}

/**
 * What a run's place holds; null where nothing does.
 * @throws {StoreError} `STORE_DAMAGED`: it is not this release's; and what the store throws.
 */
export async function findManifest(objects: ObjectStore): Promise<FoundManifest | null> {
  const found = await objects.read(MANIFEST_KEY, MANIFEST_BYTES_MAX);
  if (found === null) return null;
  try {
    const manifest = manifestSchema.parse(JSON.parse(new TextDecoder().decode(found.bytes)));
    return { manifest, etag: found.etag };
  } catch (error) {
    const problem =
      error instanceof z.ZodError
        ? oneLine(`${error.issues[0].path.join('.')}: ${error.issues[0].message}`)
        : 'it is not JSON';
    throw new StoreError(
      'STORE_DAMAGED',
      objects.name,
      `${MANIFEST_KEY}: expected what a run of this release keeps there, but ${problem}; mend it or use another prefix`,
      { cause: error },
    );
  }
}
