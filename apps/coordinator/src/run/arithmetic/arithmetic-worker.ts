import { parentPort, workerData } from 'node:worker_threads';
import { assert, assertNever } from '@rocinante/base';
import type { ArithmeticAnswer, ArithmeticRequest, ArithmeticSetting } from './arithmetic-messages.js';
import { StepArithmetic } from './step-arithmetic.js';

/** The arithmetic's thread: carries requests out one after another. */
const port = parentPort;
assert(port !== null, 'arithmetic-worker.js runs as a worker thread');
const { layout, optimizer, halves, snapshot, checksummed } = workerData as ArithmeticSetting;
const arithmetic = new StepArithmetic(layout, optimizer, halves);

port.on('message', (request: ArithmeticRequest) => {
  switch (request.type) {
    case 'begin':
      return arithmetic.begin(request.terms);
    case 'add':
      arithmetic.add(request.range, request.values);
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
