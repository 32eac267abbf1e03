// Prints what a card would be asked for in one micro-batch of a network as the reference's: three layers of 512 units, windows of 100
// symbols, dropout after each layer. argv[2] is the path, argv[3] the numbers of windows, argv[4] and argv[5] the network's input and
// loss, argv[6] the products' factors. It needs no card: ops run on the processor, and cuDNN's are answered by zeros.
//
//     node libs/compute/dist/programs/card-count.js cudnn 64,256,1024 one-hot every
//     node libs/compute/dist/programs/card-count.js plain 64 scaled last bfloat16
import { Engine } from '@rocinante/engine';
import { countMicroBatch } from '../card-count.js';

const [path, windows = '', input, loss, factors] = process.argv.slice(2);
const counts = windows.split(',').map(Number);
const words = {
  path: oneOf('path', path, ['cudnn', 'cudnn-batch-major', 'fused', 'plain']),
  input: oneOf('input', input ?? 'scaled', ['scaled', 'one-hot', 'embedding']),
  loss: oneOf('loss', loss ?? 'last', ['last', 'every']),
  factors: oneOf('factors', factors ?? 'float32', ['float32', 'bfloat16']),
} as const;
if (!counts.every((count) => Number.isInteger(count) && count > 0)) {
  refuse(`windows: expected whole numbers above 0 with commas between them, received ${windows}`);
}
const engine = Engine.load();
for (const count of counts) {
  const { path: name, ...network } = words;
  const counted = countMicroBatch(engine, name, { windows: count, ...network });
  console.log(JSON.stringify({ path: name, windows: count, ...network, ...counted }));
}

function oneOf<Word extends string>(what: string, word: string | undefined, words: readonly Word[]): Word {
  const known = words.find((one) => one === word);
  return known ?? refuse(`${what}: expected ${words.join(', ')}; received ${word ?? 'nothing'}`);
}

function refuse(line: string): never {
  process.stderr.write(`card-count: ${line}\n`);
  process.exit(2);
}
