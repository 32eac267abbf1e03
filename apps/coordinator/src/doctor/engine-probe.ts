import { RocinanteError } from '@rocinante/base';
import { chooseLstmPath } from '@rocinante/compute';
import { Engine, matMul } from '@rocinante/engine';
import { ENGINE_MARK } from './engine-mark.js';

/** A process of its own: loads the engine, multiplies two small matrices, and says what it is. */
const engine = Engine.load({ threads: 1 });
const values = engine.scope(() => {
  const a = engine.float32(Float32Array.of(1, 2, 3, 4), [2, 2]);
  return [...engine.readFloat32(matMul(engine, a, a))];
});
const lstm = examined();
process.stdout.write(
  `${ENGINE_MARK}${JSON.stringify({ ...engine.description, notice: engine.notice, values, ...lstm })}\n`,
);

/** Which path is taken, with what was passed over; or why none can be. */
function examined(): { lstmPath?: string; lstmNotice?: string | null; lstmFault?: string } {
  try {
    const { path, reason, notice } = chooseLstmPath(engine, 'auto');
    return { lstmPath: `${path.name}: ${reason}`, lstmNotice: notice };
  } catch (error) {
    if (!(error instanceof RocinanteError)) throw error;
    return { lstmFault: error.message };
  }
}
