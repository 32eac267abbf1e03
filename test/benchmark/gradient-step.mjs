// How long the gradient of one micro-batch takes, and how much memory the process holds.
//
//   node test/benchmark/gradient-step.mjs [--processes 2] [--threads 1] [--windows 32] [--repeat 12]
//     [--units 512,512,512] [--positions 100] [--symbols 39] [--input scaled] [--loss last] [--activation sigmoid]
//     [--factors float32|bfloat16] [--ops]
//
// With --ops op by op, without a graph. `firstMs` is the first turn's time, which makes the graph.
//
// A turn is what a worker does for a step: take new parameters, compute the gradient. The processes compute at the same
// time. Each prints one JSON line; numbers of different minutes, or of a machine with other work, compare as ratios
// only; the processor time suffers least from other work.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RandomStream } from '@rocinante/base';
import { Network } from '@rocinante/compute';
import { Engine } from '@rocinante/engine';

const { values: options } = parseArgs({
  options: {
    processes: { type: 'string', default: '2' },
    threads: { type: 'string', default: '1' },
    windows: { type: 'string', default: '32' },
    repeat: { type: 'string', default: '12' },
    units: { type: 'string', default: '512,512,512' },
    positions: { type: 'string', default: '100' },
    symbols: { type: 'string', default: '39' },
    input: { type: 'string', default: 'scaled' },
    loss: { type: 'string', default: 'last' },
    activation: { type: 'string', default: 'sigmoid' },
    factors: { type: 'string', default: 'float32' },
    ops: { type: 'boolean', default: false },
  },
});

if (Number(options.processes) > 1) {
  const file = fileURLToPath(import.meta.url);
  const children = Array.from({ length: Number(options.processes) }, () =>
    spawn(process.execPath, [file, ...process.argv.slice(2), '--processes', '1'], { stdio: 'inherit' }),
  );
  for (const child of children) {
    const [code] = await once(child, 'exit');
    if (code !== 0) process.exitCode = 1;
  }
} else {
  measure();
}

function measure() {
  const [windows, positions, vocabularySize] = [options.windows, options.positions, options.symbols].map(
    Number,
  );
  const engine = Engine.load({ threads: Number(options.threads) });
  const spec = {
    input: options.input,
    ...(options.input === 'embedding' ? { embeddingSize: 64 } : {}),
    layers: options.units.split(',').map((units) => ({ units: Number(units), dropout: 0.5 })),
    loss: options.loss,
    recurrentActivation: options.activation,
    vocabularySize,
  };
  const network = Network.create(engine, spec, {
    windowLength: positions,
    factors: options.factors,
    graph: options.ops ? undefined : { windows },
  });
  const random = new RandomStream(1, 'simulation');
  const parameters = Float32Array.from(
    { length: network.layout.length },
    () => (random.uniform() - 0.5) * 0.1,
  );
  const symbols = Int32Array.from({ length: windows * (positions + 1) }, () =>
    random.integer(vocabularySize),
  );
  const gradient = new Float32Array(network.layout.length);

  const turns = [];
  const cpuTurns = [];
  let firstMs = 0;
  for (let step = 0; step < Number(options.repeat) + 2; step++) {
    const start = performance.now();
    const cpu = process.cpuUsage();
    network.setParameters(parameters);
    network.gradient({ windows, symbols }, { seed: 1, step, microBatch: 0 }, gradient);
    const { user, system } = process.cpuUsage(cpu);
    if (step === 0) firstMs = performance.now() - start;
    if (step < 2) continue;
    turns.push(performance.now() - start);
    cpuTurns.push((user + system) / 1000);
  }
  for (const list of [turns, cpuTurns]) list.sort((a, b) => a - b);
  const rounded = (value) => Math.round(value * 10) / 10;
  console.log(
    JSON.stringify({
      date: new Date().toISOString().slice(0, 16),
      node: process.version,
      processor: cpus()[0].model.trim(),
      threads: Number(options.threads),
      windows,
      factors: options.factors,
      graph: network.hasGraph,
      firstMs: rounded(firstMs),
      bestMs: rounded(turns[0]),
      medianMs: rounded(turns[turns.length >> 1]),
      medianCpuMs: rounded(cpuTurns[cpuTurns.length >> 1]),
      residentMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
      peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
      liveHandles: engine.liveHandles,
    }),
  );
}
