import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { events, type Rocinante } from './rocinante.js';

/** Process ids of the workers of a `train`. */
export function workersOf(coordinator: Rocinante): number[] {
  const children = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(coordinator.process.pid)], {
    encoding: 'utf8',
  });
  return children
    .split('\n')
    .filter((line) => line.includes('worker/dist/main.js'))
    .map((line) => Number.parseInt(line, 10));
}

/** What the workers of a `train` show it: whoever runs it may see that. */
export function tokenOf(coordinator: Rocinante): string {
  const [worker] = workersOf(coordinator);
  const variables = readFileSync(`/proc/${worker}/environ`, 'utf8').split('\0');
  return variables.find((variable) => variable.startsWith('ROCINANTE_TOKEN='))!.replace(/^[^=]*=/, '');
}

/** Waits until a `train` has taken so many steps; fails when it ends before. */
export async function stepsTaken(run: Rocinante, runDir: string, count: number): Promise<void> {
  let ended = false;
  void run.finished.then(() => (ended = true));
  const taken = (): number =>
    existsSync(`${runDir}/events.jsonl`) ? events(runDir).filter((event) => 'step' in event).length : -1;
  while (taken() < count) {
    if (ended) throw new Error(`the run ended after ${taken()} steps`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
