import { readFileSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import { availableCores } from '@rocinante/base';
import { bytesShown, counted } from '../display/quantities.js';
import { atLeast, ok, problem, warning, type Finding } from './finding.js';
import { MEMORY_GOOD_BYTES, MEMORY_LEAST_BYTES, OPEN_FILES_GOOD, OPEN_FILES_LEAST } from './limits.js';

/** What the machine says of itself; specs say something else. */
export interface MachineFacts {
  readonly platform: string;
  readonly arch: string;
  readonly nodeVersion: string;
  /** Node's own flags, and those of NODE_OPTIONS. */
  readonly nodeFlags: readonly string[];
  readonly nodeOptions: string;
  readonly cpuinfo: string;
  /** `/proc/self/limits` */
  readonly limits: string;
  readonly cores: { readonly available: number; readonly present: number };
  /** Bytes: what this process may still take, and its bound; null where it has none but the machine's. */
  readonly memory: { readonly available: number; readonly total: number; readonly limit: number | null };
}

/** Flags that the launcher gives; without them steps are slower. */
const LAUNCHER_FLAGS = ['--single-threaded-gc', '--no-incremental-marking'];
/** Samples by signals, which break the engine's products where they meet its thread. */
const HARMFUL_FLAG = /--(cpu-prof|prof)\b/;

/** This process's. */
export function machineFacts(): MachineFacts {
  const limit = process.constrainedMemory();
  const total = totalmem();
  return {
    platform: process.platform,
    arch: process.arch,
    nodeVersion: process.versions.node,
    nodeFlags: process.execArgv,
    nodeOptions: process.env.NODE_OPTIONS ?? '',
    cpuinfo: textOf('/proc/cpuinfo'),
    limits: textOf('/proc/self/limits'),
    cores: { available: availableCores(), present: cpus().length },
    // availableMemory came with Node 20.13; where a group's bound is nearer than the machine's, it knows that.
    memory: {
      available: process.availableMemory?.() ?? freemem(),
      total,
      limit: limit > 0 && limit < total ? limit : null,
    },
  };
}

/** Node, platform, processor, cores, memory, open files. */
export function machineFindings(facts: MachineFacts): Finding[] {
  return [
    nodeFinding(facts),
    flagsFinding(facts),
    platformFinding(facts),
    processorFinding(facts),
    coresFinding(facts),
    memoryFinding(facts),
    filesFinding(facts),
  ];
}

function nodeFinding({ nodeVersion }: MachineFacts): Finding {
  const expected = 'Node 20.19+, 22.13+ or 24';
  const [major, minor] = nodeVersion.split('.').map(Number);
  const isSupported = major === 24 || (major === 22 && minor >= 13) || (major === 20 && minor >= 19);
  if (isSupported) return ok('node', expected, nodeVersion);
  return problem('node', expected, nodeVersion, 'install one of these; the same on all machines of a run');
}

function flagsFinding({ nodeFlags, nodeOptions }: MachineFacts): Finding {
  const expected = 'the launcher’s flags, and none that profiles by signals';
  const found =
    [...nodeFlags, ...(nodeOptions === '' ? [] : [`NODE_OPTIONS=${nodeOptions}`])].join(' ') || 'none';
  if (HARMFUL_FLAG.test(found)) {
    return problem('node flags', expected, found, 'leave the profiler out: its signals can end the engine');
  }
  const missing = LAUNCHER_FLAGS.filter((flag) => !nodeFlags.includes(flag));
  if (missing.length === 0) return ok('node flags', expected, found);
  return warning('node flags', expected, found, `start it by ./rocinante, which gives ${missing.join(' ')}`);
}

function platformFinding({ platform, arch }: MachineFacts): Finding {
  const found = `${platform} ${arch}`;
  if (found === 'linux x64') return ok('platform', 'linux x64', found);
  return problem('platform', 'linux x64', found, 'use a Linux machine with an x86-64 processor');
}

function processorFinding({ cpuinfo }: MachineFacts): Finding {
  const expected = 'AVX, AVX2 and FMA';
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/) ?? []);
  const model = /^model name\s*:\s*(.*)$/m.exec(cpuinfo)?.[1] ?? 'unknown processor';
  const known = ['avx', 'avx2', 'fma', 'avx512f', 'avx512_bf16', 'avx512_vnni', 'amx_tile'];
  const found = `${model}: ${known.filter((flag) => flags.has(flag)).join(', ') || 'none of them'}`;
  if (flags.size === 0)
    return warning('processor', expected, '/proc/cpuinfo says nothing', 'look at it by hand');
  if (!flags.has('avx')) {
    return problem(
      'processor',
      expected,
      found,
      'TensorFlow’s library needs AVX: use another machine for workers',
    );
  }
  if (flags.has('avx2') && flags.has('fma')) return ok('processor', expected, found);
  return warning(
    'processor',
    expected,
    found,
    'it works, slowly; its bits may be others than newer machines’',
  );
}

function coresFinding({ cores: { available, present } }: MachineFacts): Finding {
  const found = `${available} of ${counted(present, 'core')}`;
  const advice =
    'raise the processor quota of its control group (container, systemd unit) where that is meant';
  if (available >= 2 || present < 2) return ok('cores', 'all that are meant for it', found);
  return warning('cores', 'more than one of several', found, advice);
}

function memoryFinding({ memory: { available, total, limit } }: MachineFacts): Finding {
  const bounds = { found: available, good: MEMORY_GOOD_BYTES, least: MEMORY_LEAST_BYTES };
  const finding = atLeast(
    'memory',
    bounds,
    bytesShown,
    'end other programs, raise the memory limit of its control group, or use fewer workers',
  );
  const of =
    limit === null ? `of the machine’s ${bytesShown(total)}` : `of its group’s limit of ${bytesShown(limit)}`;
  return { ...finding, found: `${finding.found} available ${of}` };
}

function filesFinding({ limits }: MachineFacts): Finding {
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
  const count = soft === 'unlimited' ? Infinity : Number(soft ?? NaN);
  const advice = 'raise it: ulimit -n, LimitNOFILE of a systemd unit, --ulimit of a container';
  if (Number.isNaN(count)) return warning('open files', 'a limit', '/proc/self/limits says nothing', advice);
  const shown = (value: number): string => (value === Infinity ? 'no limit' : counted(value, 'file'));
  return atLeast(
    'open files',
    { found: count, good: OPEN_FILES_GOOD, least: OPEN_FILES_LEAST },
    shown,
    advice,
  );
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
