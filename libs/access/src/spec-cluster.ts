/** For specs: what `certs` makes, in a folder that they name. */
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificatesRequest } from './cluster-certificates.js';
import { makeClusterFolder, type ClusterFolder } from './cluster-folder.js';
import { newPath } from './spec-folder.js';

/** Milliseconds since 1970. */
export const now = Date.UTC(2027, 0, 1);

export function makeIn(folder: string, changed: Partial<CertificatesRequest> = {}): Promise<ClusterFolder> {
  return makeClusterFolder({
    folder,
    coordinatorNames: null,
    workerNames: null,
    days: 365,
    authorityDays: 3650,
    renew: false,
    now,
    ...changed,
  });
}

/** A cluster's folder where there is none. */
export function firstIn(folder: string, changed: Partial<CertificatesRequest> = {}): Promise<ClusterFolder> {
  return makeIn(folder, { coordinatorNames: ['gpu1.lan', '10.0.0.7'], ...changed });
}

/** What `firstIn` makes, made once and copied: the flushing of each file takes its time. */
let template: string | null = null;
export async function givenIn(folder: string): Promise<void> {
  if (template === null) {
    template = newPath();
    await firstIn(template);
  }
  cpSync(template, folder, { recursive: true });
}

/** Every file and what it holds. */
export function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}
