/**
 * Goal: a byte that changes on its way is found, named, and in no sum. Method: a worker behind a proxy that flips one bit of
 * one piece of what the worker sends, in the middle of a contribution; real processes.
 */
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Daemon, until, WorkerProcess, type RunJson } from '../support/daemon.js';
import { Undisturbed } from '../support/open-end.js';
import { Workspace } from '../support/rocinante.js';
import { smallOrder } from '../support/small-run.js';

/** Pieces of this length hold numbers of a gradient; what else a worker sends is shorter. */
const PIECE_BYTES_MIN = 12_000;

const workspace = new Workspace();
let order: string[];
let undisturbed: Undisturbed;
let daemon: Daemon;
let proxy: Server;
let worker: WorkerProcess;
/** Bits that are to be flipped still. */
let flips = 0;

/** Passes everything on between a worker and a coordinator, but for the bits that are to be flipped. */
function damagingProxy(host: string, port: number): Promise<Server> {
  const server = createServer((down) => {
    const up = connect(port, host);
    down.on('data', (piece: Buffer) => {
      if (flips > 0 && piece.length >= PIECE_BYTES_MIN) {
        flips--;
        piece[piece.length >> 1] ^= 0x10;
      }
      up.write(piece);
    });
    up.pipe(down);
    for (const [one, other] of [
      [down, up],
      [up, down],
    ]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

beforeAll(async () => {
  order = smallOrder(workspace);
  undisturbed = new Undisturbed(workspace, order);
  daemon = await Daemon.start({ data: workspace.in('data') });
  const [host, port] = daemon.grpc.split(':');
  proxy = await damagingProxy(host, Number(port));
  worker = new WorkerProcess(`127.0.0.1:${(proxy.address() as AddressInfo).port}`, 'rocin');
}, 240_000);

afterAll(async () => {
  await worker?.stop('SIGKILL');
  await daemon?.end();
  proxy?.close();
  workspace.remove();
});

it('a contribution that is damaged on its way is named, and the run ends with the undisturbed bits', async () => {
  const { id } = await daemon.startRun(order);
  await daemon.stepsTaken(id, 5);
  const before = daemon.events(id).length;
  flips = 1;
  await until('the bit to be flipped', () => flips === 0);
  const lost = (): Record<string, unknown> | undefined =>
    daemon
      .events(id)
      .slice(before)
      .find(({ event }) => event === 'worker-left');
  await until('the worker to be sent away', () => lost() !== undefined);
  expect(lost()).toMatchObject({ worker: 'rocin', lost: true });
  expect(lost()!.reason).toMatch(/^range 0: expected CRC-32 [0-9a-f]{8}, received [0-9a-f]{8}$/);
  const { step } = await daemon.toItsEnd(id);
  const { weightsSha256 } = await undisturbed.of(step as number);
  expect(await daemon.json<RunJson>(['run', 'show', id])).toMatchObject({ state: 'done', weightsSha256 });
  expect(
    await daemon.metric('rocinante_coordinator_refused_connections_total{why="CHECKSUM_MISMATCH"}'),
  ).toBe(1);
}, 240_000);
