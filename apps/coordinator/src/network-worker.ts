import { parentPort, workerData } from 'node:worker_threads';
import { assert, RocinanteError } from '@rocinante/base';
import { chooseLstmPath, Network } from '@rocinante/compute';
import { Engine } from '@rocinante/engine';
import type { NetworkMessage, NetworkWork } from './network-thread.js';

/** The whole of a script that `runNetworkThread` runs: computes with the network that the thread was given, and ends. */
export function computeWith<Work extends NetworkWork>(
  compute: (network: Network, work: Work, send: (number: number) => void) => void,
): void {
  const port = parentPort;
  assert(port !== null, 'it runs as a worker thread');
  const send = (message: NetworkMessage): void => port.postMessage(message);
  try {
    const work = workerData as Work;
    const engine = Engine.load({ threads: work.threads, device: work.device });
    const { path, notice } = chooseLstmPath(engine, work.lstm);
    for (const line of [engine.notice, notice]) if (line !== null) send({ notice: line });
    const network = Network.create(engine, work.network, { windowLength: work.windowLength, path });
    network.setParameters(work.parameters);
    compute(network, work, (number) => send({ number }));
    network.dispose();
    send({ error: null });
  } catch (error) {
    if (!(error instanceof RocinanteError)) throw error;
    send({ error: { code: error.code, exitCode: error.exitCode, message: error.message } });
  }
}
