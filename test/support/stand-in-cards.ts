import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './project-root.js';
import type { Workspace } from './rocinante.js';

/** UUIDs as the driver gives them. */
export const CARD_UUIDS = [
  'GPU-11111111-2222-3333-4444-555555555550',
  'GPU-11111111-2222-3333-4444-555555555551',
] as const;

/**
 * A machine with two cards, as far as nvidia-smi is asked: a stand-in that answers both queries of this project in the form of the
 * real one, the card that `-i` names or both, and one for dmesg. There is no card: the engine is the processor's, so
 * that workers with `--device auto` compute there, and say so.
 * @returns what a process's environment has beside the test's own.
 */
export function standInCards(workspace: Workspace): NodeJS.ProcessEnv {
  const bin = workspace.in('bin');
  mkdirSync(bin, { recursive: true });
  const program = join(bin, 'nvidia-smi');
  const [zero, one] = CARD_UUIDS;
  writeFileSync(
    program,
    `#!/bin/sh
case "$*" in
  *compute_cap*)
    zero='0, ${zero}, NVIDIA H200, 9.0, 570.26'
    one='1, ${one}, NVIDIA H200, 9.0, 570.26' ;;
  *clocks_event_reasons*)
    # A driver of before it was called so.
    echo 'Field "clocks_event_reasons.active" is not a valid field to query.'
    exit 2 ;;
  *)
    zero='0, ${zero}, 00000000:18:00.0, NVIDIA H200, 97, 41022, 143771, 64, 402.12, 0x0000000000000004, 0'
    one='1, ${one}, 00000000:2A:00.0, NVIDIA H200, 3, 1022, 143771, 41, [N/A], 0x0000000000000001, [N/A]' ;;
esac
case "$*" in
  *${zero}*) echo "$zero" ;;
  *${one}*) echo "$one" ;;
  *) echo "$zero"; echo "$one" ;;
esac
`,
  );
  chmodSync(program, 0o755);
  // The kernel's log from now on, in which nothing comes. The real one is this machine's, and may not be readable.
  writeFileSync(join(bin, 'dmesg'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
  return {
    PATH: `${bin}:${process.env.PATH}`,
    // The launcher fetches no engine for GPUs where one is named.
    ROCINANTE_ENGINE_DIR: join(projectRoot, 'node_modules', '.rocinante', 'engine'),
    ROCINANTE_DRIVER_ROOT: workspace.in('nowhere'),
  };
}
