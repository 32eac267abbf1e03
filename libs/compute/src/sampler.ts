import { assert, RandomStream } from '@rocinante/base';
import { candidatesOf, type CandidateOptions } from './candidates.js';
import { freeStates } from './layer-stack.js';
import type { CellState } from './lstm-layer.js';
import type { Network } from './network.js';

export interface SamplingOptions extends CandidateOptions {
  /** Symbols to draw. */
  readonly length: number;
  /** Logits are divided by it: below 1 the likely gains; 0 takes the likeliest, the first of equals. */
  readonly temperature: number;
  readonly seed: number;
  /**
   * Which symbols may come next, after all symbols drawn so far: one entry a symbol, 0 forbids it; undefined allows all.
   * It must allow at least one.
   */
  readonly allowed?: ((drawn: readonly number[]) => ArrayLike<number> | undefined) | undefined;
}

/**
 * Draws text from a network, symbol by symbol.
 *
 * A network trained on every position carries its state on from symbol to symbol. One trained on the last position
 * has never seen more than a window: it reads the last `windowLength` symbols anew for each draw, as the reference did.
 */
export class Sampler {
  constructor(readonly network: Network) {}

  /**
   * Yields `length` symbols that follow the prompt, which has at least one. The network must keep its parameters
   * meanwhile. Draws are made in float64 from a stream of the seed.
   */
  *sample(prompt: Int32Array, options: SamplingOptions): Generator<number, void, undefined> {
    assert(prompt.length > 0, 'a prompt has at least one symbol');
    const random = new RandomStream(options.seed, 'sampling');
    const reader =
      this.network.spec.loss === 'every' ? new StateReader(this.network) : new WindowReader(this.network);
    const drawn: number[] = [];
    try {
      let logits = options.length > 0 ? reader.read(prompt) : undefined;
      while (drawn.length < options.length) {
        const symbol = draw(logits!, options, options.allowed?.(drawn), random);
        drawn.push(symbol);
        yield symbol;
        if (drawn.length < options.length) logits = reader.read(Int32Array.of(symbol));
      }
    } finally {
      reader.dispose();
    }
  }
}

/** Carries the layers' states from symbol to symbol. */
class StateReader {
  #states: readonly CellState[] | undefined;

  constructor(readonly network: Network) {}

  /** The logits after these symbols, which follow all those read before. */
  read(symbols: Int32Array): Float32Array {
    const { logits, states } = this.network.advance(symbols, this.#states);
    this.dispose();
    this.#states = states;
    return logits;
  }

  dispose(): void {
    freeStates(this.network.engine, this.#states);
    this.#states = undefined;
  }
}

/** Reads the last window anew each time. */
class WindowReader {
  #window: number[] = [];

  constructor(readonly network: Network) {}

  read(symbols: Int32Array): Float32Array {
    this.#window = [...this.#window, ...symbols].slice(-this.network.windowLength);
    const { logits, states } = this.network.advance(Int32Array.from(this.#window));
    freeStates(this.network.engine, states);
    return logits;
  }

  dispose(): void {
    this.#window = [];
  }
}

/** Draws from softmax(logits / temperature) over the symbols that may be drawn and are likely enough, in index order. */
function draw(
  logits: Float32Array,
  { temperature, topK, topP }: SamplingOptions,
  allowed: ArrayLike<number> | undefined,
  random: RandomStream,
): number {
  const symbols = [...logits.keys()].filter((symbol) => allowed === undefined || allowed[symbol] !== 0);
  assert(symbols.length > 0, 'at least one symbol must be allowed');
  if (temperature === 0)
    return symbols.reduce((best, symbol) => (logits[symbol] > logits[best] ? symbol : best));

  const largest = symbols.reduce((most, symbol) => Math.max(most, logits[symbol]), -Infinity);
  const weights = symbols.map((symbol) => Math.exp((logits[symbol] - largest) / temperature));
  const candidates = candidatesOf(weights, { topK, topP });
  let left = random.uniform() * candidates.reduce((sum, place) => sum + weights[place], 0);
  for (const place of candidates) {
    left -= weights[place];
    if (left < 0) return symbols[place];
  }
  return symbols[candidates.at(-1)!];
}
