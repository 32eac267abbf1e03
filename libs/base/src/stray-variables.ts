import { nearestName } from './nearest-name.js';
import { oneLine } from './one-line.js';

const PREFIX = 'ROCINANTE_';

/**
 * What the program's own options, launcher, tests and recipes read, by the names behind ROCINANTE_. A list, since nothing has all
 * options at hand: commands are loaded where they are asked for, and a worker has none of the coordinator's. A test holds it
 * against every command's help and every file: no name is missing, and none is here that nothing reads.
 */
export const KNOWN_VARIABLES: ReadonlySet<string> = new Set(
  [
    // Options of commands.
    'ADVERTISE AUDIT BATCH CHECKPOINT CLIP_NORM CODEC_DOWN CODEC_UP CONFIG COORDINATOR COORDINATOR_HTTP CORPUS DATA DECAY_EVERY',
    'DECAY_FACTOR DEVICE',
    'EPOCHS EVALUATE_EVERY EXACT GPUS HTTP HTTP_TOKEN_FILE INIT_FROM KEEP_EVERY KEEP_LAST LEARNING_RATE LISTEN LOG_LEVEL LSTM',
    'MAX_HOURS MICRO_BATCH MIN_WORKERS NAME NORM_CHECKS NOTIFY NOTIFY_SECRET_FILE NOTIFY_STUCK ON_DIVERGENCE PATIENCE POOL',
    'PRECISION PRESET RUN_DIR SCALE_BATCH SCHEDULE SEED STEPS STORE TENSORBOARD THREADS TLS_CA TLS_CERT TLS_KEY TLS_SERVER_NAME',
    'TOKEN TOKEN_FILE WARMUP_STEPS WEIGHT_DECAY WORKERS WORKERS_PER_GPU',
    // Of set-up, and of what is fetched.
    'CACHE DRIVER_ROOT ENGINE_DIR ENGINE_FROM ENGINE_PIN QUIJOTE_URL',
    // Of recipes: images, compose, Slurm, systemd.
    'ANSWER_SECONDS AS_TASK ATTEMPTS BIND COORDINATOR_IMAGE DEBIAN_MIRROR GPU GRAFANA_IMAGE HEALTH_PORT HOME INDEX INSECURE',
    'MUTUAL_TLS PORT PROMETHEUS_IMAGE SECURITY SECURITY_DIR SHARED WORKER_CPUS WORKER_IMAGE WORKER_MEMORY',
    // Of tests.
    'CHROMIUM CLEAN_ROOT CONTAINER_TOOLS FUZZ_INPUT FUZZ_MINUTES FUZZ_SEED LONG MOTO PROMETHEUS PYTHON QUIJOTE RECIPE_TOOLS',
    'SCREENSHOT_STEPS TORCH_PYTHON',
  ].flatMap((names) => names.split(' ')),
);

/** What Kubernetes sets in each pod for a service whose name begins so. */
const OF_A_SERVICE = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$/;

/** So many are told of. */
const TOLD_MAX = 5;

/**
 * What is to be told of variables that begin as ours and that nothing reads: misspelt, they would be without effect and without
 * a word.
 * @returns one line; null where there are none.
 */
export function strayVariablesLine(environment: NodeJS.ProcessEnv): string | null {
  const stray = Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !KNOWN_VARIABLES.has(name.slice(PREFIX.length)))
    .filter((name) => !OF_A_SERVICE.test(name))
    .sort();
  if (stray.length === 0) return null;
  const told = stray.slice(0, TOLD_MAX).map((name) => {
    const meant = nearestName(name.slice(PREFIX.length), KNOWN_VARIABLES);
    return oneLine(name, 80) + (meant === null ? '' : ` (did you mean ${PREFIX}${meant}?)`);
  });
  const more = stray.length > TOLD_MAX ? ` and ${stray.length - TOLD_MAX} more` : '';
  return `nothing reads ${told.join(', ')}${more}`;
}
