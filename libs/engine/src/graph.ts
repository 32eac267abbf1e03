import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert } from '@rocinante/base';
import type { Binding, TensorInfo } from './binding.js';
import type { Argument, Recording } from './recording.js';
import { CALL, GRAPH_TAG, savedModelOf } from './saved-model.js';
import type { Tensor } from './tensor.js';

/**
 * Ops that ran once, to be run again by one call. The engine makes, runs and frees it.
 *
 * TensorFlow prepares it at its first run. It runs in a thread of TensorFlow's, one op after another, while the calling one waits.
 * Arguments and results are not copied on a processor; what no op needs any more is freed at once, and an op may write its
 * result where its argument was.
 */
export class Graph {
  readonly #binding: Binding;
  readonly #constants: readonly Tensor[];
  readonly #id: number;
  readonly #inputs: readonly (Argument | undefined)[];
  readonly #argumentNames: string;
  readonly #outputNames: string;

  /** `constants` are the recording's, as tensors. */
  constructor(binding: Binding, recording: Recording, constants: readonly Tensor[]) {
    this.#binding = binding;
    this.#constants = constants;
    this.#inputs = recording.inputs;
    const args = [...recording.constants, ...this.#inputs].filter((argument) => argument !== undefined);
    // As the binding takes names: with the output's number.
    this.#argumentNames = args.map(({ name }) => `${name}:0`).join();
    this.#outputNames = recording.outputs.map((_, index) => `${CALL}:${index}`).join();
    const folder = mkdtempSync(join(tmpdir(), 'rocinante-graph-'));
    try {
      writeFileSync(join(folder, 'saved_model.pb'), savedModelOf(recording, args));
      this.#id = binding.loadSavedModel(folder, GRAPH_TAG);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** What it takes of inputs, which are in the order, the shapes and the types of those that were recorded. */
  taken(inputs: readonly Tensor[]): Tensor[] {
    const expected = this.#inputs;
    assert(inputs.length === expected.length, `a graph of ${expected.length} inputs, not ${inputs.length}`);
    return inputs.filter((tensor, index) => {
      const argument = expected[index];
      if (argument === undefined) return false;
      const isAlike = argument.dtype === tensor.dtype && argument.shape.join() === tensor.shape.join();
      assert(
        isAlike,
        `input ${index} of a graph is [${argument.shape.join()}], not [${tensor.shape.join()}]`,
      );
      return true;
    });
  }

  run(taken: readonly Tensor[]): TensorInfo[] {
    const ids = [...this.#constants, ...taken].map(({ id }) => id);
    return this.#binding.runSavedModel(this.#id, ids, this.#argumentNames, this.#outputNames);
  }

  /** Frees what TensorFlow holds of it, and gives the constants, to be freed too. */
  delete(): readonly Tensor[] {
    this.#binding.deleteSavedModel(this.#id);
    return this.#constants;
  }
}
