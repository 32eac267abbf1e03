// Takes argv[2] small steps and prints, as JSON, the live handles and the resident bytes before and after.
// A process of its own: other specs' garbage would hide a leak, or look like one.
import { readFileSync } from 'node:fs';
import { Engine } from '@rocinante/engine';
import { Network } from '../network.js';
import { networkOf, randomBatch, randomParameters } from '../random-network.js';
import { Sampler } from '../sampler.js';

const steps = Number(process.argv[2]);
const windowLength = 4;
const engine = Engine.load();
const networks = (['scaled', 'embedding'] as const).map((input) => {
  const loss = input === 'scaled' ? 'last' : 'every';
  return Network.create(engine, networkOf({ input, loss, vocabularySize: 20 }, [24, 16], 0.3), {
    windowLength,
    graph: { windows: 8 },
  });
});

const parametersOf = new Map(networks.map((network) => [network, randomParameters(network, 1, 0.2)]));

function step(number: number): void {
  const network = networks[number % networks.length];
  const parameters = parametersOf.get(network)!.slice();
  network.setParameters(parameters);
  const batch = randomBatch(network.spec, windowLength, 1 + (number % 12), number);
  network.gradient(batch, { seed: 1, step: number, microBatch: 0 }, new Float32Array(network.layout.length));
  network.evaluate(batch);
  if (network.spec.loss === 'every') network.evaluateStreams({ symbols: [batch.symbols], primed: 2 });
  Array.from(new Sampler(network).sample(Int32Array.of(1), { length: 2, temperature: 1, seed: 1 }));
}

/** Without the pages of files: the kernel brings and takes those of libraries as it likes. */
function measure(): { handles: number; graphs: number; resident: number } {
  globalThis.gc?.();
  // What is made of parameters when it is first asked for is gone with them: not every step asks for all of it.
  for (const [network, parameters] of parametersOf) network.setParameters(parameters);
  const [, kibibytes] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return { handles: engine.liveHandles, graphs: engine.liveGraphs, resident: 1024 * Number(kibibytes) };
}

// The heap and TensorFlow's caches of kernels grow to their working size first.
for (let number = 0; number < 300; number++) step(number);
const before = measure();
for (let number = 0; number < steps; number++) step(number);
console.log(JSON.stringify({ before, after: measure() }));
