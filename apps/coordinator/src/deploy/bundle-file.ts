import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../errors.js';

/** An archive that `rocinante bundle` made. */
export interface BundleFile {
  readonly path: string;
  /** The folder in it, which tells one from every other, such as `rocinante-0.1.0-linux-x64-3fa9c1d2e4b5`. */
  readonly name: string;
  /** As Node names it: `linux-x64`. */
  readonly platform: string;
  /** Null where it has no engine, so that no worker runs from it. */
  readonly engine: string | null;
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly sha256: string;
}

const BLOCK = 512;
/** `bundle.json` stands before the project's libs and the engine; it is looked for no further than this. */
const SEARCH_BYTES_MAX = 64 << 20;
const ABOUT = 'bundle.json';
const ABOUT_BYTES_MAX = 64 << 10;
const NAME = /^rocinante-[\w.-]{1,150}$/;

/**
 * Reads what an archive is, and its hash.
 * @throws {UsageError} there is none, or it is no bundle.
 */
export async function readBundleFile(path: string): Promise<BundleFile> {
  const expected = `--bundle ${path}: expected an archive that ./rocinante bundle made`;
  let bytes: number;
  try {
    bytes = statSync(path).size;
  } catch (cause) {
    throw new UsageError(`${expected}, found none`, { cause });
  }
  const about = await readAbout(path).catch(() => null);
  if (about === null) throw new UsageError(`${expected}, found another file`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return { ...about, path, bytes, sha256: hash.digest('hex') };
}

type About = Omit<BundleFile, 'path' | 'bytes' | 'sha256'>;

/** @returns null where it is not there. */
async function readAbout(path: string): Promise<About | null> {
  const file = createReadStream(path);
  const tar = file.pipe(createGunzip());
  file.on('error', (error) => tar.destroy(error));
  try {
    let held = Buffer.alloc(0);
    let skip = 0;
    let read = 0;
    for await (const chunk of tar as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read > SEARCH_BYTES_MAX) return null;
      const kept = chunk.subarray(skip);
      skip -= chunk.length - kept.length;
      held = Buffer.concat([held, kept]);
      while (held.length >= BLOCK) {
        const { path, size, end } = headerOf(held);
        if (size < 0) return null;
        if (path.endsWith(`/${ABOUT}`)) {
          if (size > ABOUT_BYTES_MAX) return null;
          if (held.length < end) break;
          return aboutOf(held.subarray(BLOCK, BLOCK + size), path);
        }
        skip = Math.max(0, end - held.length);
        held = held.subarray(end);
      }
    }
    return null;
  } finally {
    file.destroy();
    tar.destroy();
  }
}

interface TarHeader {
  readonly path: string;
  readonly size: number;
  /** Where the next one begins. */
  readonly end: number;
}

/** What the block at the beginning says; `size` is negative where it says no number. */
function headerOf(tar: Buffer): TarHeader {
  const text = (from: number, length: number): string =>
    tar.toString('latin1', from, from + length).replace(/\0.*$/s, '');
  const digits = text(124, 12).trim();
  const size = /^[0-7]*$/.test(digits) ? Number(`0o0${digits}`) : -1;
  const prefix = text(345, 155);
  const path = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return { path, size, end: BLOCK + Math.ceil(size / BLOCK) * BLOCK };
}

function aboutOf(content: Buffer, path: string): About | null {
  const { name, platform, engine, unpackedBytes } = JSON.parse(content.toString()) as Partial<About>;
  const isWhole =
    typeof name === 'string' &&
    NAME.test(name) &&
    path === `${name}/${ABOUT}` &&
    typeof platform === 'string' &&
    (engine === null || typeof engine === 'string') &&
    typeof unpackedBytes === 'number';
  return isWhole ? { name, platform, engine, unpackedBytes } : null;
}
