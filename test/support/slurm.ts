/**
 * A real Slurm on this machine alone: its controller and two nodes' daemons, from Debian's packages, which .ci/recipe-tools
 * unpacks. Without munge and cgroups: whoever reaches its ports is believed, and processes are found by their parents.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { until } from './daemon.js';
import { freePorts } from './free-ports.js';
import { findTool } from './recipe-tools.js';

/** Where Slurm's packages are unpacked; null where they are not. */
export const findSlurm = (): string | null => findTool('slurm');

/** What Slurm's daemons listen at, one after the other. */
const DAEMONS = 3;

export class Slurm {
  readonly #programs: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #daemons: ChildProcess[] = [];

  private constructor(programs: string, folder: string) {
    this.#programs = programs;
    const libraries = join(programs, 'usr', 'lib', 'x86_64-linux-gnu');
    this.#env = {
      ...process.env,
      SLURM_CONF: join(folder, 'slurm.conf'),
      LD_LIBRARY_PATH: `${libraries}:${join(libraries, 'slurm-wlm')}`,
      PATH: `${join(programs, 'usr', 'bin')}:${process.env.PATH}`,
    };
  }

  /**
   * Starts one, and waits until both of its nodes, `node1` and `node2`, are idle.
   * @param folder for its configuration, its state and its logs.
   */
  static async start(folder: string): Promise<Slurm> {
    const slurm = new Slurm(findSlurm()!, folder);
    mkdirSync(folder);
    const first = await freePorts(DAEMONS);
    writeFileSync(slurm.#env.SLURM_CONF!, slurm.#configuration(folder, first));
    const daemon = (name: string, args: readonly string[]): void => {
      const log = openSync(join(folder, `${args.at(-1) ?? 'controller'}.log`), 'w');
      const program = join(slurm.#programs, 'usr', 'sbin', name);
      slurm.#daemons.push(spawn(program, ['-D', ...args], { env: slurm.#env, stdio: ['ignore', log, log] }));
    };
    daemon('slurmctld-wlm', []);
    const stepDaemon = join(slurm.#programs, 'usr', 'sbin', 'slurmstepd-wlm');
    for (const node of ['node1', 'node2']) daemon('slurmd-wlm', ['-d', stepDaemon, '-N', node]);
    try {
      await until('two idle nodes', () => slurm.#tryTo('sinfo', ['-h', '-t', 'idle', '-o', '%D']) === '2');
    } catch (error) {
      await slurm.stop();
      throw error;
    }
    return slurm;
  }

  /** Queues a script: the job's number. */
  submit(options: readonly string[], env: NodeJS.ProcessEnv): string {
    return execFileSync('sbatch', ['--parsable', ...options], {
      encoding: 'utf8',
      env: { ...this.#env, ...env },
    }).trim();
  }

  /** One of Slurm's commands: what it prints. */
  command(name: string, args: readonly string[]): string {
    return execFileSync(name, args, { encoding: 'utf8', env: this.#env }).trim();
  }

  /** A field of what Slurm says of a job, such as `JobState`. */
  job(id: string, field: string): string {
    const shown = this.command('scontrol', ['show', 'job', id]);
    return new RegExp(`\\b${field}=(\\S*)`).exec(shown)?.[1] ?? '';
  }

  /** Ends it. Its jobs must have ended before. */
  async stop(): Promise<void> {
    const running = this.#daemons.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    const ended = running.map((daemon) => once(daemon, 'exit'));
    for (const daemon of running) daemon.kill('SIGTERM');
    await Promise.all(ended);
  }

  #tryTo(name: string, args: readonly string[]): string | null {
    try {
      return this.command(name, args);
    } catch {
      return null;
    }
  }

  #configuration(folder: string, first: number): string {
    const host = hostname().split('.')[0];
    const { username } = userInfo();
    const node = (name: string, port: number): string =>
      `NodeName=${name} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=4 RealMemory=4000`;
    return [
      'ClusterName=test',
      `SlurmctldHost=${host}(127.0.0.1)`,
      `SlurmctldPort=${first}`,
      `SlurmUser=${username}`,
      `SlurmdUser=${username}`,
      'AuthType=auth/none',
      'CredType=cred/none',
      `StateSaveLocation=${folder}`,
      `SlurmdSpoolDir=${join(folder, 'spool-%n')}`,
      `SlurmctldPidFile=${join(folder, 'slurmctld.pid')}`,
      `SlurmdPidFile=${join(folder, 'slurmd-%n.pid')}`,
      `PluginDir=${join(this.#programs, 'usr', 'lib', 'x86_64-linux-gnu', 'slurm-wlm')}`,
      'ProctrackType=proctrack/linuxproc',
      'JobAcctGatherType=jobacct_gather/none',
      'TaskPlugin=task/none',
      'MpiDefault=none',
      'SelectType=select/cons_tres',
      'SelectTypeParameters=CR_Core',
      // The nodes have the cores that are written here, whatever this machine has.
      'SlurmdParameters=config_overrides',
      'KillWait=5',
      'ReturnToService=2',
      node('node1', first + 1),
      node('node2', first + 2),
      'PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP',
      '',
    ].join('\n');
  }
}
