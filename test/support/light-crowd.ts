/**
 * A process of many light workers, each over a connection of its own: `node light-crowd.js <host:port> <prefix> <count> <ms>`,
 * the last what a micro-batch takes: it is waited.
 * Says `joined` when all have dialled, takes `leave <count>` and `join <count>` on standard input, and ends when that does.
 */
import { createInterface } from 'node:readline';
import { LightWorker } from './light-worker.js';

const [coordinator, prefix, count, computeMs] = process.argv.slice(2);

const workers: LightWorker[] = [];
let lost = 0;
let made = 0;

function join(more: number): void {
  for (let index = 0; index < more; index++) {
    const worker = new LightWorker(coordinator, `${prefix}-${made++}`, { computeMs: Number(computeMs) });
    workers.push(worker);
    void worker.ended.then((error) => {
      if (error === null) return;
      lost += 1;
      process.stderr.write(`${worker.name}: ${error.message}\n`);
    });
  }
}

join(Number(count));
process.stdout.write('joined\n');
for await (const order of createInterface({ input: process.stdin })) {
  const [what, many] = order.split(' ');
  if (what === 'join') join(Number(many));
  else for (const worker of workers.splice(0, Number(many))) worker.leave();
  process.stdout.write(`${what}\n`);
}
for (const worker of workers) worker.leave();
await Promise.all(workers.map(({ ended }) => ended));
process.stdout.write(`${JSON.stringify({ lost })}\n`);
process.exit(0);
