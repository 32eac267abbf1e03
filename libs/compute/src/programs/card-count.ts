// Prints what a card would be asked for in one micro-batch of a network as the reference's: three layers of 512 units, windows of 100
// symbols, dropout after each layer. argv[2] is the path, argv[3] the numbers of windows, argv[4] and argv[5] the network's input and
// loss. It needs no card: ops run on the processor, and cuDNN's are answered by zeros.
//
//     node libs/compute/dist/programs/card-count.js cudnn 64,256,1024 one-hot every
import { Engine } from '@rocinante/engine';
import { countMicroBatch, type CardPath, type CountedBatch } from '../card-count.js';

const [path, windows, input, loss] = process.argv.slice(2) as [
  CardPath,
  string,
  CountedBatch['input'],
  CountedBatch['loss'],
];
const engine = Engine.load();
for (const count of windows.split(',').map(Number)) {
  const counted = countMicroBatch(engine, path, { windows: count, input, loss });
  console.log(JSON.stringify({ path, windows: count, input, loss, ...counted }));
}
