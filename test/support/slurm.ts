/**
 * What a Slurm job sees of Slurm, on this machine alone: `srun` starts its tasks as processes and hands them its signals, and
 * `scontrol` names the one node and keeps note of what it is asked. The programs that they start are the real ones.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SRUN = `#!/usr/bin/env bash
tasks=$SLURM_NTASKS
while [[ $1 == --* ]]; do
  [[ $1 != --ntasks=* ]] || tasks=\${1#*=}
  shift
done
children=()
trap 'kill -TERM "\${children[@]}" 2>/dev/null' TERM
for ((task = 0; task < tasks; task++)); do
  SLURMD_NODENAME=node1 SLURM_LOCALID=$task "$@" &
  children+=($!)
done
code=0
for child in "\${children[@]}"; do
  while :; do
    wait "$child"; ended=$?
    kill -0 "$child" 2>/dev/null || break
  done
  ((ended == 0)) || code=$ended
done
exit "$code"
`;

const SCONTROL = `#!/usr/bin/env bash
case $1 in
  show) echo 127.0.0.1 ;;
  *) echo "$@" >>"$SLURM_ASKED" ;;
esac
`;

/** One node, and a job on it. */
export class LocalSlurm {
  readonly #folder: string;

  /** @param folder for its programs, which it makes. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries({ srun: SRUN, scontrol: SCONTROL })) {
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), 0o755);
    }
  }

  /** The environment of a job: its tasks, and how often it was started before. */
  job(tasks: number, restarts: number): NodeJS.ProcessEnv {
    return {
      PATH: `${this.#folder}:${process.env.PATH}`,
      SLURM_ASKED: join(this.#folder, 'asked'),
      SLURM_JOB_ID: '7',
      SLURM_JOB_NODELIST: 'node1',
      SLURM_NTASKS: String(tasks),
      SLURM_CPUS_PER_TASK: '1',
      SLURM_RESTART_COUNT: String(restarts),
    };
  }

  /** What `scontrol` was asked to do, a line each. */
  get asked(): string[] {
    const file = join(this.#folder, 'asked');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }
}
