import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Coordinator } from '../client/coordinator.js';
import { ConnectionLostError, NoCoordinatorError } from '../client/errors.js';
import { RECONNECT_LIMIT_MS, RECONNECT_PAUSE_MS } from '../client/limits.js';
import { logLine } from '../display/log-line.js';
import { coordinatorOption, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption, wholeNumber } from './option-values.js';

interface LogsFlags extends ClientFlags {
  readonly worker?: string;
  readonly follow: boolean;
  readonly tail?: number;
}

/** Lines of `--tail`, at most: more than anybody reads on a terminal; whoever wants all leaves it out. */
const TAIL_MAX = 10_000;

export function addRunLogs(run: Command): void {
  run
    .command('logs')
    .description(
      'what the coordinator and the workers logged about a run, as it came: workers send once a second what they have',
    )
    .argument('<run>', 'its id or name')
    .option('--worker <name>', 'only what this worker said, or what is about it')
    .option(
      '--tail <n>',
      'only the last N lines; with --follow, then those that come',
      wholeNumber(1, TAIL_MAX),
    )
    .option('--follow', 'go on with lines as they come, until the run ends', false)
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action((name: string, flags: LogsFlags) =>
      withCoordinator(flags, async (coordinator) => {
        const { id } = (await coordinator.show(name)).summary;
        let isEmpty = true;
        for await (const json of logLines(coordinator, id, flags)) {
          isEmpty = false;
          process.stdout.write(`${flags.json ? json : logLine(json)}\n`);
        }
        if (isEmpty && flags.worker !== undefined) {
          process.stderr.write(`no line of worker ${flags.worker} in the log of run ${id}\n`);
        }
      }),
    );
}

/** The lines, each once: where the connection is lost while they are followed, those that came already are passed over. */
async function* logLines(
  coordinator: Coordinator,
  run: string,
  { worker = '', follow, tail = 0 }: LogsFlags,
): AsyncGenerator<string> {
  let seen = 0;
  let lostAt: number | null = null;
  for (;;) {
    try {
      let line = 0;
      // Who comes back asks for all, since nobody knows how many lines came meanwhile.
      const wanted = seen === 0 ? tail : 0;
      for await (const { json, skipped } of coordinator.logs({ run, worker, follow, tail: wanted })) {
        lostAt = null;
        line += skipped + 1;
        if (line <= seen) continue;
        seen = line;
        yield json;
      }
      return;
    } catch (error) {
      const isLost = error instanceof ConnectionLostError || error instanceof NoCoordinatorError;
      if (!follow || !isLost) throw error;
      lostAt ??= performance.now();
      if (performance.now() - lostAt >= RECONNECT_LIMIT_MS) throw error;
      await pause(RECONNECT_PAUSE_MS);
    }
  }
}
