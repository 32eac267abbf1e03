import { setTimeout as wait } from 'node:timers/promises';
import { S3ServiceError, type S3mini, type UploadPart } from 's3mini';
import { StoreError } from './errors.js';
import { readExactly } from './file-range.js';
import { LISTED_MAX, PART_BYTES, PARTS_MAX, REQUEST_TRIES, REQUEST_WAIT_MS } from './limits.js';
import type { FileRange, ListedObject, ObjectStore, StoredObject, WriteCondition } from './object-store.js';
import { s3Client } from './s3-client.js';
import { storeErrorOf } from './s3-errors.js';
import type { StoreAccess } from './store-access.js';
import { addressText, type StoreAddress } from './store-address.js';

/** Objects on a server that speaks S3. */
export class S3Objects implements ObjectStore {
  readonly name: string;
  readonly #prefix: string;
  readonly #client: S3mini;
  readonly #ended = new AbortController();

  constructor(address: StoreAddress, access: StoreAccess) {
    this.name = addressText(address);
    this.#prefix = address.prefix === '' ? '' : `${address.prefix}/`;
    this.#client = s3Client(address.bucket, access, this.#ended.signal);
  }

  async read(key: string, bytesMax: number): Promise<StoredObject | null> {
    return this.#tried(async () => {
      const response = await this.#get(key, 0, bytesMax + 1);
      if (response === null) return null;
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (bytes.length > bytesMax) {
        throw new StoreError('STORE_DAMAGED', this.name, `${key}: expected at most ${bytesMax} bytes`);
      }
      return { bytes, etag: response.headers.get('etag') ?? '' };
    });
  }

  async readRange(key: string, from: number, bytes: number): Promise<Uint8Array | null> {
    return this.#tried(async () => {
      const response = await this.#get(key, from, from + bytes);
      return response === null ? null : new Uint8Array(await response.arrayBuffer());
    });
  }

  async write(key: string, bytes: Uint8Array, condition: WriteCondition): Promise<string | null> {
    const header: Record<string, string> =
      condition === null
        ? {}
        : condition === 'absent'
          ? { 'if-none-match': '*' }
          : { 'if-match': condition.ifMatch };
    return this.#tried(async () => {
      try {
        const response = await this.#client.putObject(
          this.#prefix + key,
          bytes as Uint8Array<ArrayBuffer>,
          key.endsWith('.json') ? 'application/json' : undefined,
          undefined,
          // Its type names `x-amz-` headers only; it sends and signs whatever stands here.
          header,
        );
        return response.headers.get('etag') ?? '';
      } catch (error) {
        // 409: another conditional write was under way at the same time. 404: what was to match is gone; where nothing was to be
        // there it is no answer to the condition, but of a server that has no such bucket, or is none for objects.
        if (condition !== null && isStatus(error, 412, 409)) return null;
        const isGone = isStatus(error, 404) && !isBucketMissing(error);
        if (isGone && condition !== null && condition !== 'absent') return null;
        throw error;
      }
    });
  }

  async upload(key: string, range: FileRange): Promise<void> {
    const { file, from, bytes } = range;
    if (bytes <= PART_BYTES) await this.write(key, await readExactly(file, from, bytes), null);
    else await this.#uploadInParts(this.#prefix + key, range);
  }

  async list(keyPrefix: string): Promise<ListedObject[]> {
    const found = await this.#tried(() =>
      this.#client.listObjects('/', this.#prefix + keyPrefix, LISTED_MAX),
    );
    return (found ?? []).map(({ Key, ETag, LastModified }) => ({
      key: Key.slice(this.#prefix.length),
      etag: ETag,
      modified: LastModified,
    }));
  }

  async folders(): Promise<string[]> {
    const found = await this.#tried(() =>
      this.#client.listObjects('/', this.#prefix, LISTED_MAX, { delimiter: '/' }),
    );
    const names = (found ?? []).map(({ Key }) => Key.slice(this.#prefix.length));
    return names.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1));
  }

  async remove(key: string): Promise<void> {
    await this.#tried(async () => {
      await this.#client.deleteObject(this.#prefix + key).catch((error: unknown) => {
        if (!isStatus(error, 404) || isBucketMissing(error)) throw error;
      });
    });
  }

  async abandonUploads(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      const prefix = this.#prefix + folder;
      const listed = (await this.#tried(() =>
        this.#client.listMultipartUploads('/', prefix, 'GET', { prefix }),
      )) as unknown as Record<string, { Upload?: ListedUpload | ListedUpload[] } | undefined>;
      const uploads = [listed['ListMultipartUploadsResult']?.Upload ?? []].flat();
      for (const { Key, UploadId } of uploads) {
        if (Key.startsWith(prefix)) await this.#abandon(Key, UploadId);
      }
    }
  }

  end(): void {
    this.#ended.abort();
  }

  async #uploadInParts(key: string, { file, from, bytes }: FileRange): Promise<void> {
    const partBytes = Math.max(PART_BYTES, Math.ceil(bytes / PARTS_MAX));
    const id = await this.#tried(() => this.#client.getMultipartUploadId(key));
    try {
      const parts: UploadPart[] = [];
      for (let done = 0; done < bytes; done += partBytes) {
        const part = await readExactly(file, from + done, Math.min(partBytes, bytes - done));
        const number = parts.length + 1;
        const body = part as Uint8Array<ArrayBuffer>;
        parts.push(await this.#tried(() => this.#client.uploadPart(key, id, body, number)));
      }
      await this.#tried(() => this.#complete(key, id, parts, bytes));
    } catch (error) {
      await this.#abandon(key, id);
      throw error;
    }
  }

  async #complete(key: string, id: string, parts: UploadPart[], bytes: number): Promise<void> {
    try {
      const { etag } = await this.#client.completeMultipartUpload(key, id, parts);
      // A server may answer 200 and say in the body that it failed.
      if (!etag) throw new StoreError('STORE_UNREACHABLE', this.name, 'the server did not join the parts');
    } catch (error) {
      // The answer to the first try was lost, and there is no such upload any more: it is whole already.
      if (isStatus(error, 404) && (await this.#client.getContentLength(key)) === bytes) return;
      throw error;
    }
  }

  /** What is left of an upload goes, where the server can be reached; else whoever has the place next does it. */
  async #abandon(key: string, id: string): Promise<void> {
    await this.#client.abortMultipartUpload(key, id).catch(() => undefined);
  }

  /** Null where there is no such object. */
  async #get(key: string, from: number, to: number): Promise<Response | null> {
    try {
      return await this.#client.getObjectRaw(this.#prefix + key, false, from, to);
    } catch (error) {
      if (isStatus(error, 404) && !isBucketMissing(error)) return null;
      // The range begins behind an empty object's end.
      if (isStatus(error, 416)) return new Response(new Uint8Array());
      throw error;
    }
  }

  async #tried<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (cause) {
        const error = storeErrorOf(this.name, cause);
        const isLast = tries === REQUEST_TRIES || this.#ended.signal.aborted;
        if (error.code !== 'STORE_UNREACHABLE' || isLast) throw error;
        await wait(REQUEST_WAIT_MS * 2 ** (tries - 1));
      }
    }
  }
}

interface ListedUpload {
  readonly Key: string;
  readonly UploadId: string;
}

function isStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof S3ServiceError && statuses.includes(error.status);
}

function isBucketMissing(error: unknown): boolean {
  return error instanceof S3ServiceError && (error.body ?? '').includes('<Code>NoSuchBucket</Code>');
}
