import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../support/light-crowd.js', import.meta.url));

/** Processes of light workers of one coordinator. */
export class Crowds {
  readonly #processes: ChildProcess[] = [];
  readonly #lines: AsyncIterator<string>[] = [];

  /**
   * Starts them, and waits until all workers have dialled.
   * @param each workers in a process.
   * @param computeMs what a micro-batch takes, in milliseconds.
   */
  async start(coordinator: string, workers: number, each: number, computeMs: number): Promise<void> {
    for (let first = 0; first < workers; first += each) {
      const count = Math.min(each, workers - first);
      const words = [coordinator, `crowd-${first / each}`, String(count), String(computeMs)];
      const child = spawn(process.execPath, [program, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
      this.#processes.push(child);
      this.#lines.push(createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    }
    await this.#answers();
  }

  /** Gives each process an order, and waits until all have taken it. */
  async order(what: 'join' | 'leave', workers: number): Promise<void> {
    const each = Math.floor(workers / this.#processes.length);
    for (const { stdin } of this.#processes) stdin!.write(`${what} ${each}\n`);
    await this.#answers();
  }

  /** What they have had of the processors, in seconds. */
  get cpuSeconds(): number {
    return this.#processes.reduce((sum, { pid }) => sum + cpuSecondsOf(pid!), 0);
  }

  /** Lets all leave. @returns workers that were cut off. */
  async end(): Promise<number> {
    for (const { stdin } of this.#processes) stdin!.end();
    const told = (await this.#answers()).map((line) => JSON.parse(line) as { lost: number });
    return told.reduce((sum, { lost }) => sum + lost, 0);
  }

  /** Ends the processes, whatever they are at. */
  kill(): void {
    for (const child of this.#processes) child.kill('SIGKILL');
  }

  async #answers(): Promise<string[]> {
    return Promise.all(this.#lines.map(async (lines) => String((await lines.next()).value)));
  }
}

/** Seconds that a process has had on the processors; `thread` counts its first thread alone, Node's event loop. */
export function cpuSecondsOf(pid: number, thread = false): number {
  const path = thread ? `/proc/${pid}/task/${pid}/stat` : `/proc/${pid}/stat`;
  const stat = readFileSync(path, 'utf8').split(') ')[1].split(' ');
  return (Number(stat[11]) + Number(stat[12])) / 100;
}

/** The largest that a process's resident memory has been, in MB. */
export function peakMegabytesOf(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return (Number(kilobytes) * 1024) / 1e6;
}

/** Open files of a process, sockets among them. */
export function openFilesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** The machine's processor time until now, in ticks, and what of it other guests of its host had while it was wanted here. */
export function processorTicks(): { readonly all: number; readonly stolen: number } {
  const ticks = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/ +/).slice(1, 9).map(Number);
  return { all: ticks.reduce((sum, value) => sum + value, 0), stolen: ticks[7] };
}
