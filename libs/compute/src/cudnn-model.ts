// What cuDNN's LSTM computes, written out in float64 from its own vector of parameters, for specs: no card is at hand where
// they run. B rows side by side, T positions, I inputs, H units; arrays are row-major.
//
// The vector is W_i W_f W_c W_o [H, I] each, R_i R_f R_c R_o [H, H] each, bW [4, H], bR [4, H]; a gate before its activation is
// W·x + bW + R·h + bR (NVIDIA, cuDNN API reference, cudnnRNNMode_t, CUDNN_LSTM).

export interface CudnnShape {
  readonly T: number;
  readonly B: number;
  readonly I: number;
  readonly H: number;
}

export interface CudnnState {
  /** [B, H] each. */
  readonly hidden: Float64Array;
  readonly cell: Float64Array;
}

/** What a pass left: `gates` are [T, B, 4, H] after activation, `cells` [T, B, H]. */
interface Pass {
  readonly output: Float64Array;
  readonly cells: Float64Array;
  readonly gates: Float64Array;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Where the vector's parts begin, for gate g of i, f, c, o. */
function placesOf({ I, H }: CudnnShape): Record<'W' | 'R' | 'bW' | 'bR', (gate: number) => number> {
  const recurrent = 4 * H * I;
  const bias = recurrent + 4 * H * H;
  return {
    W: (gate) => gate * H * I,
    R: (gate) => recurrent + gate * H * H,
    bW: (gate) => bias + gate * H,
    bR: (gate) => bias + 4 * H + gate * H,
  };
}

/** Forwards from a state: the hidden states [T, B, H], and what `modelBackward` needs. */
export function modelForward(
  shape: CudnnShape,
  vector: Float64Array,
  input: Float64Array,
  before: CudnnState,
): Pass {
  const { T, B, I, H } = shape;
  const { W, R, bW, bR } = placesOf(shape);
  const output = new Float64Array(T * B * H);
  const cells = new Float64Array(T * B * H);
  const gates = new Float64Array(T * B * 4 * H);
  for (let row = 0; row < T * B; row++) {
    const [hidden, cell, from] = row < B ? [before.hidden, before.cell, row] : [output, cells, row - B];
    for (let unit = 0; unit < H; unit++) {
      const [i, f, c, o] = [0, 1, 2, 3].map((gate) => {
        let sum = vector[bW(gate) + unit] + vector[bR(gate) + unit];
        for (let k = 0; k < I; k++) sum += vector[W(gate) + unit * I + k] * input[row * I + k];
        for (let k = 0; k < H; k++) sum += vector[R(gate) + unit * H + k] * hidden[from * H + k];
        const value = gate === 2 ? Math.tanh(sum) : sigmoid(sum);
        gates[(row * 4 + gate) * H + unit] = value;
        return value;
      });
      cells[row * H + unit] = f * cell[from * H + unit] + i * c;
      output[row * H + unit] = o * Math.tanh(cells[row * H + unit]);
    }
  }
  return { output, cells, gates };
}

/** Backwards from the gradient of the hidden states [T, B, H] and of the state at the end: those of input and vector. */
export function modelBackward(
  shape: CudnnShape,
  vector: Float64Array,
  input: Float64Array,
  before: CudnnState,
  { output, cells, gates }: Pass,
  outputGradient: Float64Array,
  after: CudnnState,
): { readonly input: Float64Array; readonly vector: Float64Array } {
  const { T, B, I, H } = shape;
  const { W, R, bW, bR } = placesOf(shape);
  const gradient = { input: new Float64Array(T * B * I), vector: new Float64Array(vector.length) };
  let hiddenBack = Float64Array.from(after.hidden);
  let cellBack = Float64Array.from(after.cell);
  for (let t = T - 1; t >= 0; t--) {
    const hiddenNext = new Float64Array(B * H);
    const cellNext = new Float64Array(B * H);
    for (let b = 0; b < B; b++) {
      const row = t * B + b;
      const [hidden, cell, from] = t === 0 ? [before.hidden, before.cell, b] : [output, cells, row - B];
      for (let unit = 0; unit < H; unit++) {
        const [i, f, c, o] = [0, 1, 2, 3].map((gate) => gates[(row * 4 + gate) * H + unit]);
        const cellOut = Math.tanh(cells[row * H + unit]);
        const dHidden = hiddenBack[b * H + unit] + outputGradient[row * H + unit];
        const dCell = cellBack[b * H + unit] + dHidden * o * (1 - cellOut ** 2);
        cellNext[b * H + unit] = dCell * f;
        const slopes = [
          dCell * c * i * (1 - i),
          dCell * cell[from * H + unit] * f * (1 - f),
          dCell * i * (1 - c ** 2),
          dHidden * cellOut * o * (1 - o),
        ];
        for (const [gate, slope] of slopes.entries()) {
          gradient.vector[bW(gate) + unit] += slope;
          gradient.vector[bR(gate) + unit] += slope;
          for (let k = 0; k < I; k++) {
            gradient.vector[W(gate) + unit * I + k] += slope * input[row * I + k];
            gradient.input[row * I + k] += slope * vector[W(gate) + unit * I + k];
          }
          for (let k = 0; k < H; k++) {
            gradient.vector[R(gate) + unit * H + k] += slope * hidden[from * H + k];
            hiddenNext[b * H + k] += slope * vector[R(gate) + unit * H + k];
          }
        }
      }
    }
    hiddenBack = hiddenNext;
    cellBack = cellNext;
  }
  return gradient;
}
