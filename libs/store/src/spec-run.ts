/** For specs: a run's directory with real checkpoints, small ones. */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryStore, type Checkpoint } from '@rocinante/checkpoint';
import { createLayout } from '@rocinante/parameters';

const layout = createLayout([{ name: 'dense/kernel', shape: [50] }]);

/** What makes two checkpoints of one step differ. */
export interface SpecCheckpoint {
  readonly best?: boolean;
  readonly value?: number;
}

export class SpecRun {
  readonly directory = mkdtempSync(join(tmpdir(), 'rocinante-store-'));
  readonly #store: DirectoryStore;

  constructor(keepLast = 2) {
    this.#store = new DirectoryStore(join(this.directory, 'checkpoints'), { keepLast });
    mkdirSync(join(this.directory, 'weights'));
    writeFileSync(join(this.directory, 'config.json'), '{"version":1}\n');
    this.say('begun');
  }

  get checkpoints(): DirectoryStore {
    return this.#store;
  }

  /** The files of a run, as a mirror is told of them. */
  get files(): Map<string, string> {
    return new Map(['config.json', 'events.jsonl'].map((name) => [name, join(this.directory, name)]));
  }

  /** Saves a checkpoint. @returns its name. */
  async save(step: number, { best = false, value = step }: SpecCheckpoint = {}): Promise<string> {
    const { name } = await this.#store.save(checkpointOf(step, value), { best });
    this.say(`saved ${step}`);
    return name;
  }

  say(event: string): void {
    appendFileSync(join(this.directory, 'events.jsonl'), `${JSON.stringify({ event })}\n`);
  }

  writeWeights(text: string): void {
    writeFileSync(join(this.directory, 'weights', 'final.safetensors'), text);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

function checkpointOf(step: number, value: number): Checkpoint {
  return {
    step,
    layout,
    parameters: new Float32Array(layout.length).fill(value),
    m: new Float32Array(layout.length),
    v: new Float32Array(layout.length),
    magnitudes: new Float32Array(layout.blockCount),
    beta1Power: 1,
    beta2Power: 1,
    issueCount: step,
    joiningProof: '',
    lossHistory: [],
    configuration: {},
    vocabulary: ['a'],
    corpusSha256: '',
    further: {},
  };
}
