import { arch, cpus, loadavg, release, totalmem, uptime } from 'node:os';
import { VERSION } from '../version.js';
import { jsonPart, type Part } from './part.js';
import { isSecretName, REDACTED } from './secret-patterns.js';

/** Variables that decide how we, Node, TensorFlow or a cluster's machinery behave. */
const TOLD =
  /^(ROCINANTE|NODE|TF|XLA|CUDA|NVIDIA|NCCL|OMP|KMP|DNNL|ONEDNN|MALLOC|GRPC|SLURM|KUBERNETES|AWS|UV)_|^(LD_LIBRARY_PATH|LD_PRELOAD|PATH|LANG|TZ|HTTPS?_PROXY|NO_PROXY)$/i;

/** Releases, machine, and the variables that matter; what is named like a secret keeps its name only. */
export function machinePart(environment: NodeJS.ProcessEnv): Part {
  const told = Object.entries(environment)
    .filter(([name]) => TOLD.test(name))
    .map(([name, value = '']) => [name, isSecretName(name) ? REDACTED : shown(name, value)]);
  return jsonPart('machine.json', {
    rocinante: VERSION,
    versions: process.versions,
    flags: process.execArgv,
    kernel: release(),
    arch: arch(),
    cores: cpus().length,
    processor: cpus()[0]?.model,
    memoryBytes: totalmem(),
    load: loadavg(),
    uptimeSeconds: Math.round(uptime()),
    environment: Object.fromEntries(told) as object,
  });
}

/** Of the address of notices its host: the rest may be a secret. */
function shown(name: string, value: string): string {
  if (name !== 'ROCINANTE_NOTIFY') return value;
  return URL.canParse(value) ? new URL(value).host : REDACTED;
}
