import type { FileHandle } from 'node:fs/promises';
import { hostname } from 'node:os';
import { assert } from '@rocinante/base';
import { StoreError } from './errors.js';
import { planParts } from './file-parts.js';
import { FileChangedError, hashRange } from './file-range.js';
import { clearLeftovers } from './leftovers.js';
import { MANIFEST_BYTES_MAX } from './limits.js';
import { grows, LocalFiles, stepOf, wholeBytes, withFile, type LocalCheckpoint } from './local-files.js';
import {
  checkpointKey,
  checkpointsOf,
  encodeManifest,
  findManifest,
  keysOf,
  MANIFEST_KEY,
  partKey,
  WEIGHTS_KEY,
  type FilePart,
  type FoundManifest,
  type Manifest,
} from './manifest.js';
import type { ObjectStore } from './object-store.js';
import { isAhead, keptOf, stillValid, type KeepRules, type KeptNow, type RunPosition } from './retention.js';

export interface MirrorOptions extends KeepRules {
  readonly objects: ObjectStore;
  /** The run's directory. */
  readonly directory: string;
  /** The run's files beside checkpoints and weights, by their names in the store. */
  readonly files: ReadonlyMap<string, string>;
  /** Names the run: that of `latest.json`, where it goes on. */
  readonly run: string;
  /** Names this activation. */
  readonly writer: string;
  /** What `latest.json` said when the run was looked for; undefined where it is to be looked for first. */
  readonly found?: FoundManifest | null;
  /** Checkpoints in the directory that are damaged. */
  readonly damaged: readonly string[];
}

/** What of the run decides what is kept, at the moment. */
export interface MirrorState extends RunPosition {
  readonly anchorStep: number | null;
}

/** A checkpoint, or the final weights, as they went into the store. */
export interface Stored {
  readonly step: number;
  readonly name: string;
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * A run's place in a store, which this process keeps like the run's directory: whole objects first, then `latest.json`, which
 * names them, by compare-and-swap, then what it names no more goes. Keys hold a part of their hash: nothing that
 * `latest.json` names is written over, so that it is true at every moment. One call at a time.
 */
export class RunMirror {
  readonly #options: MirrorOptions;
  readonly #objects: ObjectStore;
  readonly #files: LocalFiles;
  readonly #damaged: Set<string>;
  /** What is there now, by this writer; null before the place is taken. */
  #held: FoundManifest | null = null;
  /** What was there when it was looked for; undefined where it is to be looked for. */
  #found: FoundManifest | null | undefined;
  #weightsStored = false;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#objects = options.objects;
    this.#files = new LocalFiles(options.directory, options.files);
    this.#damaged = new Set(options.damaged);
    this.#found = options.found;
  }

  /** A checkpoint was saved in the directory: whatever was there of this name, it is good now. */
  saved(name: string): void {
    this.#damaged.delete(name);
  }

  /**
   * Takes the place for this writer: who had it before is told at its next write. Nothing happens where it is taken already.
   * @throws {StoreError} `STORE_HOLDS_RUN`, `STORE_AHEAD`, `STORE_TAKEN`, and what the store throws.
   * @throws {FileChangedError} the store is not what it was when it was looked at.
   */
  async take(state: RunPosition): Promise<void> {
    if (this.#held !== null) return;
    const { run, writer } = this.#options;
    const found = this.#found === undefined ? await findManifest(this.#objects) : this.#found;
    if (found !== null) checkOwn(this.#objects.name, found.manifest, run);
    if (found !== null && isAhead(found.manifest, state)) {
      throw new StoreError(
        'STORE_AHEAD',
        this.#objects.name,
        `it has step ${found.manifest.latest?.step ?? 0} of this run, which stands at step ${state.step} here; ` +
          'go on from the store, with --resume and a new --run-dir',
      );
    }
    const manifest: Manifest = {
      ...(found?.manifest ?? emptyManifest(run)),
      writer: { id: writer, host: hostname().slice(0, 255) },
    };
    this.#held = await this.#swapped(manifest, found);
    await clearLeftovers(this.#objects, this.#held);
  }

  /**
   * Puts the next thing into the store: the newest checkpoint, else one that is kept for a reason, else, at the run's end, its
   * weights and the ends of its files.
   * @param last what the end calls for; null before it.
   * @returns what went there; null where nothing is missing.
   */
  async next(state: () => MirrorState, last: { readonly weights: boolean } | null): Promise<Stored | null> {
    await this.take(state());
    const now = state();
    const kept = await this.#keptNow(now);
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    const checkpoint = await this.#missing(now, kept);
    if (checkpoint !== null) {
      await this.#upload(checkpoint);
      const { step, name, bytes } = checkpoint;
      // The run went back meanwhile: what was sent may be of a state that it left. Leftovers are cleared at the next take.
      if (state().rollbacks.length !== now.rollbacks.length) throw new FileChangedError();
      const others = stillValid(this.#manifest, now).filter((one) => one.name !== name);
      const all = keptOf([...others, { ...checkpoint, needed: false }], this.#options, kept);
      const [latest, ...previous] = all;
      await this.#change({ latest, previous, rollbacks: now.rollbacks.length });
      return { step, name, bytes, seconds: seconds() };
    }
    if (last === null) return null;
    const weights = last.weights ? await this.#storeWeights() : this.#manifest.weights;
    const isNew = weights !== null && weights.sha256 !== this.#manifest.weights?.sha256;
    await this.#change({ weights });
    this.#weightsStored = last.weights;
    return isNew ? { step: now.step, name: WEIGHTS_KEY, bytes: weights.bytes, seconds: seconds() } : null;
  }

  /** What is in the directory and not in the store, for a person. */
  async missing(state: MirrorState, { weights }: { readonly weights: boolean }): Promise<string[]> {
    const manifest = this.#held?.manifest ?? emptyManifest(this.#options.run);
    const names = (await this.#files.checkpoints.names()).filter((name) => !this.#damaged.has(name));
    const newest = names.at(-1);
    const hasNewest =
      newest === undefined ||
      (manifest.latest?.name === newest && manifest.rollbacks === state.rollbacks.length);
    return [
      ...(hasNewest ? [] : [newest]),
      ...(weights && !this.#weightsStored ? [WEIGHTS_KEY] : []),
      'the last lines of its logs',
    ];
  }

  get #manifest(): Manifest {
    assert(this.#held !== null, 'the place is taken');
    return this.#held.manifest;
  }

  async #keptNow({ anchorStep }: MirrorState): Promise<KeptNow> {
    const known = checkpointsOf(this.#manifest).find(({ needed, step }) => needed && step !== anchorStep);
    return { anchorStep, bestName: (await this.#files.checkpoints.best()) ?? known?.name ?? null };
  }

  /** The first of those that should be in the store and are not; null for none. */
  async #missing(state: MirrorState, { bestName, anchorStep }: KeptNow): Promise<LocalCheckpoint | null> {
    const names = (await this.#files.checkpoints.names()).filter((name) => !this.#damaged.has(name));
    const { keepEverySteps } = this.#options;
    const isKept = (name: string): boolean =>
      name === bestName ||
      stepOf(name) === anchorStep ||
      (keepEverySteps > 0 && stepOf(name) % keepEverySteps === 0);
    const wanted = names.reverse().filter((name, index) => index === 0 || isKept(name));
    const there = stillValid(this.#manifest, state);
    for (const name of wanted) {
      const local = await this.#files.checkpoint(name);
      const isThere = there.some((one) => one.name === name && one.sha256 === local.sha256);
      if (!isThere) return local;
    }
    return null;
  }

  async #upload(checkpoint: LocalCheckpoint): Promise<void> {
    const { name, bytes, sha256 } = checkpoint;
    await withFile(this.#files.checkpointPath(name), async (file) => {
      const now = await this.#files.describe(name, file);
      if (now.sha256 !== sha256) throw new FileChangedError();
      await this.#objects.upload(checkpointKey(checkpoint), { file, from: 0, bytes });
    });
  }

  async #storeWeights(): Promise<Manifest['weights']> {
    return withFile(this.#files.weightsPath, async (file) => {
      const { size: bytes } = await file.stat();
      const range = { file, from: 0, bytes };
      const sha256 = await hashRange(range);
      if (this.#manifest.weights?.sha256 !== sha256) await this.#objects.upload(WEIGHTS_KEY, range);
      return { bytes, sha256 };
    });
  }

  /** Stores what the run's files have new, and swaps `latest.json`, where that is another then. */
  async #change(changes: Partial<Manifest>): Promise<void> {
    const files: Record<string, FilePart[]> = {};
    for (const [name, path] of await this.#files.files()) {
      files[name] = await withFile(path, (file) =>
        grows(name) ? this.#storeLines(name, file) : this.#storeWhole(name, file),
      );
    }
    const before = this.#held;
    const manifest = { ...this.#manifest, ...changes, files };
    if (JSON.stringify(manifest) === JSON.stringify(this.#manifest)) return;
    this.#held = await this.#swapped(manifest, before);
    const named = keysOf(manifest);
    for (const key of keysOf(before!.manifest)) if (!named.has(key)) await this.#removeOld(key);
  }

  async #storeLines(name: string, file: FileHandle): Promise<FilePart[]> {
    const whole = await wholeBytes(file);
    const agreeing: FilePart[] = [];
    for (const part of this.#manifest.files[name] ?? []) {
      if (part.from + part.bytes > whole) break;
      if ((await hashRange({ file, ...part })) !== part.sha256) break;
      agreeing.push(part);
    }
    const { kept, rest } = planParts(agreeing, whole);
    if (rest === null) return [...kept];
    const range = { file, ...rest };
    const part = { ...rest, sha256: await hashRange(range) };
    await this.#objects.upload(partKey(name, part), range);
    return [...kept, part];
  }

  async #storeWhole(name: string, file: FileHandle): Promise<FilePart[]> {
    const [there] = this.#manifest.files[name] ?? [];
    const part = { from: 0, ...(await this.#files.whole(name, file)) };
    if (there?.sha256 !== part.sha256) await this.#objects.upload(partKey(name, part), { file, ...part });
    return part.bytes === 0 ? [] : [part];
  }

  /** An old object that stays for a lost store is cleared when the place is taken the next time. */
  async #removeOld(key: string): Promise<void> {
    await this.#objects.remove(key).catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
    });
  }

  /** @throws {StoreError} `STORE_TAKEN`: it is not what it was. @throws {FileChangedError} it is to be looked at again. */
  async #swapped(manifest: Manifest, before: FoundManifest | null): Promise<FoundManifest> {
    const bytes = encodeManifest(manifest);
    const condition = before === null ? 'absent' : { ifMatch: before.etag };
    const etag = await this.#objects.write(MANIFEST_KEY, bytes, condition);
    if (etag !== null) return { manifest, etag };
    // Perhaps it is ours: the answer to a first try was lost, and the second found what the first wrote.
    const now = await this.#objects.read(MANIFEST_KEY, MANIFEST_BYTES_MAX);
    if (now !== null && Buffer.compare(now.bytes, bytes) === 0) return { manifest, etag: now.etag };
    const found = await findManifest(this.#objects);
    if (found === null) {
      // Somebody emptied it, or a server came back without what it had: everything is to be brought there anew.
      this.#held = null;
      this.#found = undefined;
      throw new FileChangedError(`${MANIFEST_KEY} is not there, and a new one is not taken`);
    }
    if (found.manifest.writer.id === manifest.writer.id) {
      // Nobody else's: the server could not tell, for two writes at once.
      this.#held = found;
      throw new FileChangedError(`${MANIFEST_KEY} is our own, and the server does not take the next one`);
    }
    throw new StoreError(
      'STORE_TAKEN',
      this.#objects.name,
      `another coordinator, on ${found.manifest.writer.host}, has taken it over or was first; nothing of this one goes there any more`,
    );
  }
}

/** @throws {StoreError} `STORE_HOLDS_RUN`: what is there is another run. */
export function checkOwn(store: string, { run, latest }: Manifest, own: string | null): void {
  if (run === own) return;
  throw new StoreError(
    'STORE_HOLDS_RUN',
    store,
    `there is ${own === null ? 'a' : 'another'} run in it, at step ${latest?.step ?? 0}; ` +
      'go on with it by --resume and a new --run-dir, or use another prefix',
  );
}

function emptyManifest(run: string): Manifest {
  return {
    version: 1,
    run,
    writer: { id: run, host: '' },
    rollbacks: 0,
    latest: null,
    previous: [],
    files: {},
    weights: null,
  };
}
