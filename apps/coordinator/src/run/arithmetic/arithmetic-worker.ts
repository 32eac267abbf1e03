import { parentPort, workerData } from 'node:worker_threads';
import { assert, assertNever } from '@rocinante/base';
import { VectorMemory } from '@rocinante/parameters';
import type { ArithmeticAnswer, ArithmeticRequest, ArithmeticSetting } from './arithmetic-messages.js';
import { StepArithmetic, type SharedState } from './step-arithmetic.js';

/** The arithmetic's thread: carries requests out one after another. */
const port = parentPort;
assert(port !== null, 'arithmetic-worker.js runs as a worker thread');
const { layout, optimizer, halves, snapshot, checksummed, ...setting } = workerData as ArithmeticSetting;
const memory = VectorMemory.of(setting.memory);
const arithmetic = new StepArithmetic(
  layout,
  optimizer,
  [here(halves[0]), here(halves[1])],
  memory.int32(layout.length),
);

function here({ parameters, m, v }: SharedState): SharedState {
  return { parameters: memory.here(parameters), m: memory.here(m), v: memory.here(v) };
}

port.on('message', (request: ArithmeticRequest) => {
  switch (request.type) {
    case 'begin':
      return arithmetic.begin(request.terms);
    case 'add':
      arithmetic.add(request.range, memory.here(request.values));
      return answer({ type: 'added' });
    case 'apply':
      for (const range of request.ranges) {
        const { step, issue } = request;
        const finite = arithmetic.apply(range);
        const checksums = checksummed ? arithmetic.checksums(range) : null;
        const { clipping } = arithmetic;
        answer({ type: 'made', step, issue, range, finite, clipping, checksums });
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
