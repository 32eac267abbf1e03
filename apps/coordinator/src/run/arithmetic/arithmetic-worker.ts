import { parentPort, workerData } from 'node:worker_threads';
import { assert, assertNever, bytesOf } from '@rocinante/base';
import { BLOCK_ELEMENTS, RANGE_BLOCKS } from '@rocinante/parameters';
import type { ArithmeticAnswer, ArithmeticRequest, ArithmeticSetting } from './arithmetic-messages.js';
import { StepArithmetic } from './step-arithmetic.js';

/** The arithmetic's thread: carries requests out one after another. */
const port = parentPort;
assert(port !== null, 'arithmetic-worker.js runs as a worker thread');
const { layout, optimizer, halves, snapshot, checksummed } = workerData as ArithmeticSetting;
const arithmetic = new StepArithmetic(layout, optimizer, halves);
/** Of the range in hand: a message's bytes are not aligned. */
const values = new Int32Array(RANGE_BLOCKS * BLOCK_ELEMENTS);

port.on('message', (request: ArithmeticRequest) => {
  switch (request.type) {
    case 'begin':
      return arithmetic.begin(request.terms);
    case 'add':
      bytesOf(values).set(request.bytes);
      arithmetic.add(request.range, values);
      return answer({ type: 'added' });
    case 'apply':
      for (const range of request.ranges) {
        const { step, issue } = request;
        const finite = arithmetic.apply(range);
        const checksums = checksummed ? arithmetic.checksums(range) : null;
        answer({ type: 'made', step, issue, range, finite, checksums });
      }
      return;
    case 'copy':
      arithmetic.copy(request.half, snapshot);
      return answer({ type: 'copied' });
    default:
      return assertNever(request);
  }
});

function answer(message: ArithmeticAnswer): void {
  port!.postMessage(message);
}
