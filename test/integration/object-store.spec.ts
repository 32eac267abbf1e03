/**
 * Goal: what the store's promises stand on holds with a real server: writes under a condition, uploads in parts that are whole
 * or not there, and errors that say what is wrong. Method: moto's server, directly and by a way that is cut.
 */
import { createHash, randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseStoreAddress, S3Objects } from '@rocinante/store';
import { CutProxy, findMoto, NO_MOTO, ObjectServer } from '../support/object-server.js';
import { Workspace } from '../support/rocinante.js';

const python = findMoto();
const PART_BYTES = 8 << 20;
const FOLDERS = ['checkpoints/', 'files/', 'weights/'];
const FILE_BYTES = 2 * PART_BYTES + 12_345;

describe.skipIf(python === null)(`objects${python === null ? ` (${NO_MOTO})` : ''}`, () => {
  const workspace = new Workspace();
  const bytes = randomBytes(FILE_BYTES);
  let server: ObjectServer;
  let proxy: CutProxy;

  function objects(url: string, endpoint = server.endpoint): S3Objects {
    return new S3Objects(parseStoreAddress(url), {
      endpoint,
      region: 'us-east-1',
      accessKeyId: 'id',
      secretAccessKey: 'hidden-one',
      sessionToken: null,
    });
  }

  async function upload(to: S3Objects, key: string, from = 0, length = FILE_BYTES - from): Promise<void> {
    const file = await open(workspace.in('file'), 'r');
    try {
      await to.upload(key, { file, from, bytes: length });
    } finally {
      await file.close();
    }
  }

  async function sha256Of(of: S3Objects, key: string): Promise<string> {
    const hash = createHash('sha256');
    for (let from = 0; from < FILE_BYTES; from += PART_BYTES) {
      hash.update((await of.readRange(key, from, PART_BYTES))!);
    }
    return hash.digest('hex');
  }

  beforeAll(async () => {
    server = await ObjectServer.start(python!);
    await server.makeBucket('bucket');
    proxy = await CutProxy.start(() => server.port);
    await writeFile(workspace.in('file'), bytes);
  }, 180_000);

  afterAll(async () => {
    proxy?.close();
    await server?.kill();
    workspace.remove();
  });

  const text = (value: string): Uint8Array => new TextEncoder().encode(value);

  it('are written where there are none, or over what they were, and else are not', async () => {
    const store = objects('s3://bucket/conditions');
    expect(await store.read('latest.json', 100)).toBeNull();
    const first = (await store.write('latest.json', text('1'), 'absent'))!;
    expect(await store.write('latest.json', text('2'), 'absent')).toBeNull();
    const second = (await store.write('latest.json', text('2'), { ifMatch: first }))!;
    expect(await store.write('latest.json', text('3'), { ifMatch: first })).toBeNull();
    expect(await store.read('latest.json', 100)).toEqual({ bytes: text('2'), etag: second });
    await expect(store.read('latest.json', 0)).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
    await store.remove('latest.json');
    expect(await store.write('latest.json', text('4'), { ifMatch: second })).toBeNull();
    expect(await store.read('latest.json', 100)).toBeNull();
  });

  it('of several writers at once one is first', async () => {
    const store = objects('s3://bucket/race');
    const etags = await Promise.all(
      Array.from({ length: 8 }, (_, index) => store.write('latest.json', text(String(index)), 'absent')),
    );
    expect(etags.filter((etag) => etag !== null)).toHaveLength(1);
  });

  it('are listed below their prefix, and removed', async () => {
    const store = objects('s3://bucket/listed');
    for (const key of ['r1/a', 'r1/b', 'r2/a', 'c']) await store.write(key, text(key), null);
    await objects('s3://bucket/listed-elsewhere').write('r3/a', text(''), null);
    expect((await store.list('r1/')).map(({ key }) => key)).toEqual(['r1/a', 'r1/b']);
    expect(await store.folders()).toEqual(['r1', 'r2']);
    await store.remove('r1/a');
    await store.remove('r1/a');
    expect((await store.list('r1/')).map(({ key }) => key)).toEqual(['r1/b']);
    expect(await store.list('none/')).toEqual([]);
  });

  it('that are large go in parts, and come back in ranges', async () => {
    const store = objects('s3://bucket/parts');
    await upload(store, 'whole');
    expect(await sha256Of(store, 'whole')).toBe(createHash('sha256').update(bytes).digest('hex'));
    await upload(store, 'range', 1000, 50);
    expect(await store.readRange('range', 0, 100)).toEqual(new Uint8Array(bytes.subarray(1000, 1050)));
  });

  it('go on where a connection is cut in the middle of a part', async () => {
    const store = objects('s3://bucket/cut', proxy.endpoint);
    proxy.cutAfter = PART_BYTES + 1_000_000;
    await upload(store, 'whole');
    expect(proxy.cutAfter).toBe(Infinity);
    expect(await sha256Of(store, 'whole')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  it('are not there where the way stays cut, and what is left of them is cleared', async () => {
    const store = objects('s3://bucket/lost', proxy.endpoint);
    const uploading = upload(store, 'files/whole');
    const wait = setInterval(() => {
      if (proxy.passed < PART_BYTES + 1000) return;
      clearInterval(wait);
      proxy.cut(true);
    }, 1);
    proxy.passed = 0;
    await expect(uploading).rejects.toMatchObject({ code: 'STORE_UNREACHABLE', exitCode: 1 });
    proxy.cut(false);
    expect(await store.read('files/whole', 100)).toBeNull();
    expect(await server.uploadsUnderWay('bucket')).toBe(1);
    for (const other of ['s3://bucket/los', 's3://bucket', 's3://bucket/lost/files']) {
      await objects(other).abandonUploads(FOLDERS);
      expect(await server.uploadsUnderWay('bucket')).toBe(1);
    }
    await store.abandonUploads(FOLDERS);
    expect(await server.uploadsUnderWay('bucket')).toBe(0);
  });

  it('are refused in one line, without a secret: wrong credentials, no bucket, no server', async () => {
    await server.checkCredentials(true);
    const denied = objects('s3://bucket/a').read('latest.json', 100);
    await expect(denied).rejects.toMatchObject({ code: 'STORE_DENIED', exitCode: 1 });
    await expect(denied).rejects.toThrow(/^store s3:\/\/bucket\/a: .*\(403 InvalidAccessKeyId\)/);
    await expect(denied).rejects.not.toThrow(/hidden-one/);
    await server.checkCredentials(false);
    await expect(objects('s3://no-bucket/a').read('latest.json', 100)).rejects.toMatchObject({
      code: 'STORE_NO_BUCKET',
    });
    await expect(objects('s3://no-bucket/a').write('a', text('a'), { ifMatch: '"a"' })).rejects.toMatchObject(
      { code: 'STORE_NO_BUCKET' },
    );
    proxy.cut(true);
    const unreachable = objects('s3://bucket/a', proxy.endpoint).read('latest.json', 100);
    await expect(unreachable).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    proxy.cut(false);
  });

  it('end with what is under way', async () => {
    const store = objects('s3://bucket/a', proxy.endpoint);
    server.hang(true);
    const reading = store.read('latest.json', 100);
    setTimeout(() => store.end(), 100);
    await expect(reading).rejects.toThrow('given up');
    server.hang(false);
  });
});
