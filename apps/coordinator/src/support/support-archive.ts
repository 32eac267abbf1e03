import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { bytesShown } from '../display/quantities.js';
import { UsageError } from '../errors.js';
import { VERSION } from '../version.js';
import { ARCHIVE_BYTES_MAX } from './limits.js';
import { isPart, jsonPart, type PartOrMissing } from './part.js';
import type { Redactor } from './redactor.js';
import { tarGz, type TarEntry } from './tar-archive.js';

/** What the archive says of one of its files: in `contents.json`, and on the screen. */
export interface PackedPart {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  /** What of it is not there; empty where all is. */
  readonly cut: string;
  /** How many secrets were taken out. */
  readonly redacted: number;
}

export interface Packed {
  readonly bytes: Buffer;
  readonly parts: readonly PackedPart[];
  readonly missing: readonly { readonly name: string; readonly why: string }[];
}

/** Takes the secrets out of every part, and packs them beneath one folder. What is beyond ARCHIVE_BYTES_MAX is left out, and said. */
export function pack(
  folder: string,
  parts: readonly PartOrMissing[],
  redactor: Redactor,
  date: Date,
): Packed {
  const entries: TarEntry[] = [];
  const packed: PackedPart[] = [];
  const missing: { readonly name: string; readonly why: string }[] = [];
  let total = 0;
  const add = (name: string, text: string): Buffer => {
    redactor.check(text);
    const bytes = Buffer.from(text);
    entries.push({ name: `${folder}/${name}`, bytes });
    return bytes;
  };
  for (const part of parts) {
    if (!isPart(part)) {
      missing.push({ name: part.name, why: redactor.string(part.why) });
      continue;
    }
    const before = redactor.count;
    const text = redactor.text(part.text);
    if (total + Buffer.byteLength(text) > ARCHIVE_BYTES_MAX) {
      missing.push({ name: part.name, why: `the archive has its ${bytesShown(ARCHIVE_BYTES_MAX)}` });
      continue;
    }
    const bytes = add(part.name, text);
    total += bytes.length;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    packed.push({
      name: part.name,
      bytes: bytes.length,
      sha256,
      cut: part.cut,
      redacted: redactor.count - before,
    });
  }
  const contents = { version: 1, rocinante: VERSION, time: date.toISOString(), parts: packed, missing };
  add('contents.json', jsonPart('contents.json', contents).text);
  return { bytes: tarGz(entries, Math.floor(date.getTime() / 1000)), parts: packed, missing };
}

/** Writes a new file, readable by its owner only. @throws {UsageError} there is one already. */
export async function writeNew(path: string, bytes: Buffer): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`--out ${path}: there is a file already; name another`, { cause: error });
  }
}
