/** Texts that a run can be started over from the page: those of the coordinator's runs, and the bundled book. */
import { createHash } from 'node:crypto';
import type { ContentStore } from '../daemon/content-store.js';
import type { RunStore } from '../daemon/run-store.js';
import { readCorpus } from '../corpus/corpus-file.js';

/** What the page calls the bundled book, until the coordinator has it as any other text. */
export const BUNDLED = 'bundled';

export interface PageText {
  /** SHA-256, or `bundled`. */
  readonly id: string;
  readonly name: string;
}

/** Texts whose bytes are here, the last used first. */
export function textsOf({ store, contents }: { store: RunStore; contents: ContentStore }): PageText[] {
  const names = new Map<string, string>();
  for (const { corpus } of store.runs().reverse()) {
    if (!names.has(corpus.sha256) && contents.has(corpus.sha256)) names.set(corpus.sha256, corpus.name);
  }
  const texts = [...names].map(([id, name]) => ({ id, name }));
  return texts.some(({ name }) => name === BUNDLED) ? texts : [...texts, { id: BUNDLED, name: BUNDLED }];
}

/**
 * The bundled book among the contents, put there where it is missing.
 * @returns its SHA-256.
 * @throws {CorpusFileError} this installation has no book. @throws {ContentError} the disk did not take it.
 */
export async function takeBundled(contents: ContentStore): Promise<string> {
  const { bytes } = await readCorpus(BUNDLED, process.env);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (contents.has(sha256)) return sha256;
  const writer = await contents.receive(sha256, bytes.length);
  await writer.write(bytes);
  await writer.finish();
  return sha256;
}
