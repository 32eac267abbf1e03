import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '@rocinante/base';
import { firstValues } from '@rocinante/model';
import { sharedCopy } from '../arithmetic/shared-vector.js';
import type { FirstValuesRequest } from './first-values-thread.js';

const port = parentPort;
assert(port !== null, 'first-values-worker.js runs as a worker thread');
const { network, seed } = workerData as FirstValuesRequest;
port.postMessage(sharedCopy(firstValues(network, seed)));
