import { networkLayout } from '@rocinante/model';
import { layoutSha256, VectorMemory, type ParameterLayout, type VectorCount } from '@rocinante/parameters';
import { microBatchesOf, networkOf, runConfigSchema, type RunConfig } from '@rocinante/training';
import { WireError, type CorpusDescriptionMessage, type StartRunMessage } from '@rocinante/wire';
import { SumRooms, SUMS_KEPT } from './contributions.js';
import { corpusIds, type CorpusRequestOptions } from './corpus-source.js';
import type { OpenRun, RunProof } from './engine-messages.js';
import type { EngineProxy } from './engine-proxy.js';
import { HostWay } from './host-way.js';

/** What a worker has when it can say that it is ready for a run. */
export interface PreparedRun {
  readonly layout: ParameterLayout;
  readonly opening: OpenRun;
  readonly sums: SumRooms;
  /** The joining proof, as `Ready` carries it. */
  readonly proof: string;
  /** Whether the engine had the run open still: nothing was fetched, laid out or computed. */
  readonly kept: boolean;
  /** Lines for the log about how the run's network is computed. */
  readonly notices: readonly string[];
}

/** The run that the engine has open, or is opening. */
interface OpenedRun {
  readonly key: string;
  readonly corpus: CorpusDescriptionMessage;
  readonly layout: ParameterLayout;
  readonly opening: OpenRun;
  readonly sums: SumRooms;
  /** What is to be logged about it. */
  readonly opened: Promise<readonly string[]>;
  /** Once it is proved. */
  proved?: RunProof;
}

/**
 * Everything that a run needs on this machine: its configuration, its layout, its corpus, the engine's network over it, and the
 * joining proof. It outlives sessions: a run that is offered again, as after the coordinator's return, is ready at once.
 */
export class RunPreparation {
  readonly #engine: EngineProxy;
  #open: OpenedRun | null = null;
  /** The last run's: the next one's too, where it is large enough. */
  #memory: VectorMemory | null = null;

  constructor(engine: EngineProxy) {
    this.#engine = engine;
  }

  /**
   * @returns null where the run ended meanwhile: `source.signal`.
   * @throws {WireError} MALFORMED: a configuration of another release, another layout, no corpus; and as `corpusIds`.
   * @throws {RocinanteError} the engine cannot open the run.
   */
  async prepare(
    message: StartRunMessage,
    source: Omit<CorpusRequestOptions, 'corpus'>,
  ): Promise<PreparedRun | null> {
    const { signal } = source;
    const key = keyOf(message);
    const open = this.#open?.key === key ? this.#open : null;
    const kept = open?.proved !== undefined;
    const run = open ?? (await this.#openRun(message, key, source));
    if (run === null) return null;
    let opened: readonly string[];
    try {
      opened = await run.opened;
    } catch (error) {
      if (this.#open === run) this.#open = null;
      throw error;
    }
    if (signal.aborted) return null;
    // A network is proved whenever it is opened, so that its first gradient, of which it makes a graph, is no step's.
    run.proved ??= await this.#engine.request({ type: 'prove' });
    const { proof, notices } = run.proved;
    const { layout, opening, sums } = run;
    return signal.aborted ? null : { layout, opening, sums, proof, kept, notices: [...opened, ...notices] };
  }

  /** The run is over, or the session: what the engine holds stays, but for what is true of this offer only. */
  rest(): void {
    void this.#engine.request({ type: 'rest' });
  }

  /** Asks the engine to open the run; what it is asked afterwards is of this run. Null where the run ended meanwhile. */
  async #openRun(
    message: StartRunMessage,
    key: string,
    source: Omit<CorpusRequestOptions, 'corpus'>,
  ): Promise<OpenedRun | null> {
    const { run, corpus } = message;
    if (corpus === null) throw new WireError('MALFORMED', `run ${run}: expected a corpus, received none`);
    const config = configOf(message);
    const layout = networkLayout(networkOf(config, corpus.vocabularySize));
    const sha256 = layoutSha256(layout);
    if (sha256 !== message.layoutSha256) {
      throw new WireError(
        'MALFORMED',
        `run ${run}: layout: expected ${message.layoutSha256}, received ${sha256}`,
      );
    }
    // A run that is longer now, or another one over the same text.
    const known = this.#open !== null && isSame(this.#open.corpus, corpus) ? this.#open.opening.ids : null;
    const ids = known ?? (await corpusIds({ ...source, corpus }));
    if (source.signal.aborted) return null;
    const { vocabularySize, idBytes } = corpus;
    const memory = this.#memoryFor(runVectors(config, layout));
    const opening: OpenRun = {
      type: 'open-run',
      config,
      vocabularySize,
      ids,
      idBytes,
      memory: memory.shared,
    };
    const sums = new SumRooms(memory, layout.length);
    this.#open = { key, corpus, layout, opening, sums, opened: this.#engine.request(opening) };
    return this.#open;
  }

  /**
   * What is dropped stays in memory for long (`VectorMemory`), so there is room for a run of twice the size, where addresses are
   * to be had: runs that need more and more leave less behind, all together, than the last one needs.
   */
  #memoryFor(vectors: readonly VectorCount[]): VectorMemory {
    if (this.#memory?.holds(vectors)) return this.#memory;
    const roomy = VectorMemory.create([...vectors, ...vectors]);
    return (this.#memory = roomy.shared === null ? VectorMemory.create(vectors) : roomy);
  }
}

/** A run's sums, and on a processor its gradients. */
export function runVectors(config: RunConfig, layout: ParameterLayout): VectorCount[] {
  return [{ count: SUMS_KEPT, length: layout.length }, ...HostWay.vectors(layout, microBatchesOf(config))];
}

/** What a run is to a worker. Its id is not in it: a coordinator that comes back gives another. */
function keyOf({ configJson, layoutSha256, corpus }: StartRunMessage): string {
  return JSON.stringify([configJson, layoutSha256, corpus]);
}

function isSame(one: CorpusDescriptionMessage, other: CorpusDescriptionMessage): boolean {
  return one.sha256 === other.sha256 && one.length === other.length && one.idBytes === other.idBytes;
}

function configOf({ run, configJson }: StartRunMessage): RunConfig {
  let value: unknown;
  try {
    value = JSON.parse(configJson);
  } catch (cause) {
    throw new WireError('MALFORMED', `run ${run}: its configuration is not JSON`, { cause });
  }
  const parsed = runConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  throw new WireError(
    'MALFORMED',
    `run ${run}: its configuration is another release's: ${[...path, message].join(': ')}; ` +
      'use the same release on both sides',
  );
}
