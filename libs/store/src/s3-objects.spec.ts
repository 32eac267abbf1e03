/**
 * Goal: what the server says of a condition is told from an answer that says nothing of it. Method: a server's answers in the
 * place of the network; `test/integration/object-store.spec.ts` has a real one.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { RunMirror } from './run-mirror.js';
import { S3Objects } from './s3-objects.js';
import { SpecRun } from './spec-run.js';

const access = {
  endpoint: 'http://127.0.0.1:1',
  region: 'us-east-1',
  accessKeyId: 'id',
  secretAccessKey: 'secret',
  sessionToken: null,
};

afterEach(() => void vi.unstubAllGlobals());

function answering(status: number, body = ''): S3Objects {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status })));
  return new S3Objects({ bucket: 'bucket', prefix: 'run' }, access);
}

const write = (objects: S3Objects, condition: 'absent' | { ifMatch: string }): Promise<string | null> =>
  objects.write('latest.json', new Uint8Array(1), condition);

it.each([
  [412, 'absent'],
  [409, 'absent'],
  [412, { ifMatch: '"etag"' }],
  [404, { ifMatch: '"etag"' }],
] as const)(
  'an answer %d to a write under the condition %o is that it does not hold',
  async (status, condition) => {
    expect(await write(answering(status), condition)).toBeNull();
  },
);

it('an answer 404 to a write where nothing was to be is a failure, with a body and without', async () => {
  await expect(write(answering(404), 'absent')).rejects.toMatchObject({
    code: 'STORE_REFUSED',
    message: expect.stringContaining('check that there is such a bucket') as string,
  });
  const body = '<Error><Code>NoSuchBucket</Code></Error>';
  await expect(write(answering(404, body), 'absent')).rejects.toMatchObject({ code: 'STORE_NO_BUCKET' });
});

it('a server that answers 404 to everything is refused as a run’s place', async () => {
  const run = new SpecRun();
  try {
    const { directory, files } = run;
    const rules = { run: randomUUID(), keepLast: 2, keepEverySteps: 0, damaged: [] };
    const mirror = new RunMirror({
      objects: answering(404),
      directory,
      files,
      writer: randomUUID(),
      ...rules,
    });
    await expect(mirror.take({ step: 0, rollbacks: [] })).rejects.toMatchObject({ code: 'STORE_REFUSED' });
  } finally {
    run.remove();
  }
});
