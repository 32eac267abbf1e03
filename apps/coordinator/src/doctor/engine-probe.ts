import { chooseLstmPath } from '@rocinante/compute';
import { Engine, matMul } from '@rocinante/engine';
import { ENGINE_MARK } from './engine-mark.js';

/** A process of its own: loads the engine, multiplies two small matrices, and says what it is. */
const engine = Engine.load({ threads: 1 });
const values = engine.scope(() => {
  const a = engine.float32(Float32Array.of(1, 2, 3, 4), [2, 2]);
  return [...engine.readFloat32(matMul(engine, a, a))];
});
const { path, reason } = chooseLstmPath(engine, 'auto');
const lstmPath = `${path.name}: ${reason}`;
process.stdout.write(
  `${ENGINE_MARK}${JSON.stringify({ ...engine.description, notice: engine.notice, values, lstmPath })}\n`,
);
