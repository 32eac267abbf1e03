// @ts-check
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { soleCard } from '../../libs/engine/src/nvidia-fitness.mjs';
import { bindingFile } from './binding.mjs';
import { runChild } from './child.mjs';
import { writeWhole } from './durable.mjs';
import { GpuFailure } from './failure.mjs';
import { during } from './say.mjs';

/** Of what the engine says of a card that it does not compute on, so much is passed on, in characters. */
const SAID_LENGTH_MAX = 300;

/** @typedef {import('../../libs/engine/src/nvidia.js').Nvidia} Nvidia */
/** @typedef {import('./places.mjs').Places} Places */

/** What gpu-probe.mjs says where all is well. */
const expected = 'rocinante-gpu-probe gpu 7,20,45,88 2.718,7.389,20.086,54.598 1,0,1,0 1,20,3,88';

/**
 * Lets the engine compute a little on the card, once for each engine, driver and choice of cards.
 * @param {Places} places
 * @param {string} folder of the engine for GPUs.
 * @param {Nvidia} nvidia
 * @throws {GpuFailure} it computes on the processor, or not at all; one line says why.
 */
export async function checkGpu(places, folder, nvidia) {
  const { driver, cards } = nvidia;
  const { CUDA_VISIBLE_DEVICES: visible } = process.env;
  const what = JSON.stringify([expected, folder, driver, cards.map(({ uuid }) => uuid), visible ?? null]);
  const key = createHash('sha256').update(what).digest('hex').slice(0, 12);
  const stamp = join(places.stamps, `gpu-${key}`);
  if (existsSync(stamp)) return;
  const log = join(places.state, 'gpu-check.log');
  const words = [join(import.meta.dirname, 'gpu-probe.mjs'), join(folder, bindingFile)];
  // It is to say what it misses, and not to take the card's memory from those who work there.
  const env = {
    ...process.env,
    TF_CPP_MIN_LOG_LEVEL: '0',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
    CUDA_VISIBLE_DEVICES: soleCard(process.env, nvidia) ?? visible,
  };
  const { tail, how } = await during(
    'trying the card',
    () => '',
    () => runChild(process.execPath, words, { log, env }),
  );
  // A crash at its end does not matter to what it computed.
  if (!tail.includes(expected))
    throw new GpuFailure(`${troubleIn(tail, how, folder)}; all it said is in ${log}`, 1);
  writeWhole(stamp, what);
}

/**
 * Why the engine does not compute on a card, by what it said.
 * @param {string} text
 * @param {string} how it ended.
 * @param {string} folder
 */
export function troubleIn(text, how, folder) {
  const library =
    /Could not load dynamic library '([^']+)'|(lib\w+\.so[.\d]*): cannot open shared object file/.exec(text);
  const name = library?.[1] ?? library?.[2];
  const refusal = /failed call to cuInit: (?:INTERNAL: )?(?:CUDA error: )?(.*)/.exec(text)?.[1];
  // 303 is CUDA_ERROR_SHARED_OBJECT_INIT_FAILED: so TensorFlow's stand-in for the driver's library says that it found none.
  if (name === 'libcuda.so.1' || refusal?.includes('(303)')) {
    return (
      "the driver's library is not there: expected libcuda.so.1, found none; install the driver whole, " +
      'or give a container the cards with the capability `compute` (docker run --gpus all)'
    );
  }
  if (name !== undefined)
    return `CUDA library not found: expected ${name} in ${join(folder, 'nvidia')} or where the system looks`;
  if (refusal !== undefined) return `the driver starts no CUDA: ${refusal.trim()}`;
  if (text.includes('Cannot dlopen some GPU libraries')) {
    return `CUDA library not found: one of those in ${join(folder, 'nvidia')} does not load`;
  }
  const uncompiled = /^Error: (\w+): .*JIT (?:compilation|invocation) failed/m.exec(text)?.[1];
  if (uncompiled !== undefined) {
    return (
      `a kernel is not compiled on the card (${uncompiled}): expected bin/ptxas, which can be run, and ` +
      `nvvm/libdevice/libdevice.10.bc in ${join(folder, 'nvidia', 'cuda_nvcc')}; look there, or use --device cpu`
    );
  }
  const said = text.split('\n').find((line) => /^(Error: |.*CUDA_ERROR)/.test(line));
  const where = text.includes('rocinante-gpu-probe cpu') ? 'it computes on the processor' : how;
  return `the engine does not compute on the card: ${said?.trim().slice(0, SAID_LENGTH_MAX) ?? where}`;
}
