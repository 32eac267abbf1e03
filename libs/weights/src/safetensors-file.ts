/** Safetensors files on a disk: their sizes are checked before memory is taken for them. */
import { constants, open, type FileHandle } from 'node:fs/promises';
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
  return withFile(path, readHeader);
}

/**
 * Reads a whole file, into memory that is aligned for any dtype; its header is checked before that memory is taken.
 * @returns the file, and all of its bytes for those who hash them.
 * @throws {SafetensorsError} it is not a sound safetensors file, larger than `bytesMax`, or changes while it is read; or
 * Node's error where it cannot be read.
 */
export async function readSafetensorsFile(
  path: string,
  bytesMax = FILE_BYTES_MAX,
): Promise<SafetensorsFile & { readonly bytes: Uint8Array }> {
  return withFile(path, async (handle, fileBytes) => {
    await readHeader(handle, fileBytes);
    if (fileBytes > bytesMax) {
      throw new SafetensorsError(
        'SAFETENSORS_SIZE',
        `expected at most ${bytesMax} bytes, received ${fileBytes}`,
      );
    }
    const bytes = await readExactly(handle, 0, fileBytes);
    return { ...parseSafetensors(bytes), bytes };
  });
}

async function readHeader(handle: FileHandle, fileBytes: number): Promise<SafetensorsHeader> {
  const prefix = await readExactly(handle, 0, Math.min(PREFIX_BYTES, fileBytes));
  const headerLength = decodeHeaderLength(prefix, fileBytes);
  return decodeHeader(await readExactly(handle, PREFIX_BYTES, headerLength), fileBytes);
}

async function withFile<T>(
  path: string,
  read: (handle: FileHandle, fileBytes: number) => Promise<T>,
): Promise<T> {
  // Without waiting for a writer, as opening a FIFO would do for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const before = await handle.stat();
    if (!before.isFile()) {
      const received = before.isDirectory() ? 'a directory' : 'a pipe or a device';
      throw new SafetensorsError('SAFETENSORS_NO_FILE', `expected a file, received ${received}`);
    }
    const result = await read(handle, before.size);
    const { size } = await handle.stat();
    if (size !== before.size) {
      throw new SafetensorsError(
        'SAFETENSORS_CHANGED',
        `the file changed while it was read, from ${before.size} bytes to ${size}; try again`,
      );
    }
    return result;
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
        'SAFETENSORS_CUT',
        `expected ${position + count} bytes, received ${position + done}`,
      );
    }
    done += bytesRead;
  }
  return bytes;
}
