/** Safetensors files on a disk: their sizes are checked before memory is taken for them. */
import { open, type FileHandle } from 'node:fs/promises';
import { SafetensorsError } from './errors.js';
import {
  PREFIX_BYTES,
  decodeHeader,
  decodeHeaderLength,
  parseSafetensors,
  type SafetensorsFile,
  type SafetensorsHeader,
} from './safetensors.js';

/** Bytes of a file that is read whole, at most: what one buffer of Node 20 holds, or 357 million parameters with their moments. */
export const FILE_BYTES_MAX = 4 * 1024 ** 3 - 1;

/**
 * Reads and checks a file's header alone, whose bytes are bounded by the format.
 * @throws {SafetensorsError} it is not a sound safetensors file; or Node's error where it cannot be read.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  return withFile(path, async (handle, fileBytes) => {
    const prefix = await readExactly(handle, 0, Math.min(PREFIX_BYTES, fileBytes));
    const headerLength = decodeHeaderLength(prefix, fileBytes);
    return decodeHeader(await readExactly(handle, PREFIX_BYTES, headerLength), fileBytes);
  });
}

/**
 * Reads a whole file, into memory that is aligned for any dtype; its header is checked before that memory is taken.
 * @returns the file, and all of its bytes for those who hash them.
 * @throws {SafetensorsError} it is not a sound safetensors file, or larger than `bytesMax`; or Node's error where it
 * cannot be read.
 */
export async function readSafetensorsFile(
  path: string,
  bytesMax = FILE_BYTES_MAX,
): Promise<SafetensorsFile & { readonly bytes: Uint8Array }> {
  const { fileBytes } = await readSafetensorsHeader(path);
  if (fileBytes > bytesMax) {
    throw new SafetensorsError(
      'safetensors-size',
      `expected at most ${bytesMax} bytes, received ${fileBytes}`,
    );
  }
  return withFile(path, async (handle) => {
    const bytes = await readExactly(handle, 0, fileBytes);
    return { ...parseSafetensors(bytes), bytes };
  });
}

async function withFile<T>(
  path: string,
  read: (handle: FileHandle, fileBytes: number) => Promise<T>,
): Promise<T> {
  const handle = await open(path, 'r');
  try {
    const stat = await handle.stat();
    return await read(handle, stat.size);
  } finally {
    await handle.close();
  }
}

async function readExactly(handle: FileHandle, position: number, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let done = 0; done < count;) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(count - done, 2 ** 30), position + done);
    if (bytesRead === 0) {
      throw new SafetensorsError(
        'safetensors-cut',
        `expected ${position + count} bytes, received ${position + done}`,
      );
    }
    done += bytesRead;
  }
  return bytes;
}
