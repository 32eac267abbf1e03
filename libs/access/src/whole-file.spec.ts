import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CertificatesRequest } from './cluster-certificates.js';
import type { ClusterFolder } from './cluster-folder.js';
import { addToken } from './cluster-tokens.js';
import { contentsOf, firstIn, givenIn, makeIn } from './spec-cluster.js';
import { file, newPath } from './spec-folder.js';
import { TokenBook } from './token-book.js';
import { SECRET_MODE, writeWhole } from './whole-file.js';

let folder: string;
beforeEach(() => {
  folder = newPath();
});

const make = (changed: Partial<CertificatesRequest> = {}): Promise<ClusterFolder> => makeIn(folder, changed);
const first = (changed: Partial<CertificatesRequest> = {}): Promise<ClusterFolder> =>
  firstIn(folder, changed);
const given = (): Promise<void> => givenIn(folder);
const contents = (): Record<string, string> => contentsOf(folder);

describe('a file that is written anew', () => {
  it('stays where a link leads, open to whom it was', async () => {
    await given();
    const elsewhere = newPath();
    renameSync(join(folder, 'tokens'), elsewhere);
    symlinkSync(elsewhere, join(folder, 'tokens'));
    chmodSync(elsewhere, 0o644);
    chmodSync(join(folder, 'worker.crt'), 0o644);
    addToken(folder, 'reader', 'grafana');
    expect(TokenBook.read(elsewhere).entries).toHaveLength(4);
    expect(statSync(elsewhere).mode & 0o777).toBe(0o644);
    // A key is closed to others all the same.
    chmodSync(join(folder, 'worker.key'), 0o644);
    await make({ renew: true });
    expect(statSync(join(folder, 'worker.crt')).mode & 0o777).toBe(0o644);
    expect(statSync(join(folder, 'worker.key')).mode & 0o777).toBe(0o640);
  });

  const isRoot = process.geteuid!() === 0;
  it.skipIf(!isRoot)(`keeps its owner${isRoot ? '' : ' (needs root)'}`, async () => {
    await given();
    const owned = ['tokens', 'coordinator.crt', 'coordinator.key'];
    for (const name of owned) {
      chownSync(join(folder, name), 12_345, 12_346);
      chmodSync(join(folder, name), 0o640);
    }
    chownSync(folder, 12_345, 12_346);
    // A lock that is made is the folder's owner's.
    rmSync(join(folder, '.lock'));
    addToken(folder, 'reader', 'grafana');
    await make({ renew: true });
    for (const name of owned) {
      const { uid, gid, mode } = statSync(join(folder, name));
      expect([name, uid, gid, mode & 0o777]).toEqual([name, 12_345, 12_346, 0o640]);
    }
    expect(statSync(join(folder, '.lock')).uid).toBe(12_345);
    // What was not there is its maker's.
    expect(statSync(join(folder, 'grafana.token')).uid).toBe(0);
  });

  describe.skipIf(!isRoot)(`by root in another’s folder${isRoot ? '' : ' (needs root)'}`, () => {
    /** Who plants links. */
    const [OTHER, GROUP] = [12_345, 12_346];
    let victim: string;

    beforeEach(async () => {
      await given();
      victim = file('root:secret');
      chownSync(folder, OTHER, GROUP);
    });

    async function isRefused(message: RegExp, isTried = make): Promise<void> {
      const before = contents();
      const error = await Promise.resolve({ renew: true })
        .then(isTried)
        .then(
          () => null,
          (thrown: Error) => thrown,
        );
      expect(error).toMatchObject({ code: 'ACCESS_FILE', message: expect.stringMatching(message) as string });
      expect(error!.message).not.toContain('\n');
      expect(contents()).toEqual(before);
      expect(readFileSync(victim, 'utf8')).toBe('root:secret');
      expect(statSync(victim).uid).toBe(0);
    }

    it('does not follow a link in the lock’s place, nor give away what it leads to', async () => {
      rmSync(join(folder, '.lock'));
      symlinkSync(victim, join(folder, '.lock'));
      await isRefused(/\.lock: expected a file of its own to lock, received a link; remove it$/);
    });

    it('gives away no lock that it has not made itself', () => {
      rmSync(join(folder, '.lock'));
      linkSync(victim, join(folder, '.lock'));
      addToken(folder, 'reader', 'grafana');
      expect([statSync(victim).uid, statSync(victim).gid]).toEqual([0, 0]);
    });

    it.each(['worker.key', 'ca.crt', 'tokens', 'old.token'])('follows no link at %s', async (name) => {
      rmSync(join(folder, name), { force: true });
      symlinkSync(victim, join(folder, name));
      lchownSync(join(folder, name), OTHER, GROUP);
      await isRefused(/expected no link but root's .* a link of user 12345 in a folder of user 12345/);
      if (name !== 'tokens') return;
      await isRefused(/tokens: expected no link but root's/, () => {
        addToken(folder, 'reader', 'grafana');
        return Promise.resolve({} as ClusterFolder);
      });
    });

    it('takes no link of its own for root’s where the folder is another’s, nor the other way round', async () => {
      rmSync(join(folder, 'worker.key'));
      symlinkSync(victim, join(folder, 'worker.key'));
      await isRefused(/a link of user 0 in a folder of user 12345/);
      chownSync(folder, 0, 0);
      lchownSync(join(folder, 'worker.key'), OTHER, GROUP);
      await isRefused(/a link of user 12345 in a folder of user 0/);
    });

    it('does not go where a link in place of the folder, or on the way to it, leads', async () => {
      const home = newPath();
      mkdirSync(home);
      renameSync(folder, join(home, 'real'));
      symlinkSync(join(home, 'real'), join(home, 'linked'));
      chownSync(home, OTHER, GROUP);
      folder = join(home, 'linked');
      await isRefused(/linked, a link of user 0 in a folder of user 12345/);
      folder = join(home, 'linked', 'new');
      const made = first();
      await expect(made).rejects.toThrow(/linked, a link of user 0/);
      expect(readdirSync(join(home, 'real'))).not.toContain('new');
    });

    it('replaces a file that is another’s by a new one, which is that user’s', () => {
      // A hard link to root's file: what is written goes into a new file, and the other name keeps the old one.
      rmSync(join(folder, 'worker.key'));
      linkSync(victim, join(folder, 'worker.key'));
      writeWhole(join(folder, 'worker.key'), 'new', SECRET_MODE);
      expect(readFileSync(victim, 'utf8')).toBe('root:secret');
      expect(readFileSync(join(folder, 'worker.key'), 'utf8')).toBe('new');
    });
  });
});
