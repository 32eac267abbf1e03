import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../errors.js';
import { shortName, type HostAddress } from './hosts.js';

/** What runs on a host: a command of the bundle's, and what it reads. */
export interface ServiceSpec {
  readonly service: string;
  /** The words after `rocinante`. They are seen by everybody on that machine, so no secret is among them. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Files in the service's folder, which is where its process runs, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** The files that a service is given from the operator's machine; each is named by a path there. */
export interface SecretPaths {
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export interface WorkerOptions {
  readonly coordinator: string;
  /** Words for every worker, such as `--threads=4`. */
  readonly words: readonly string[];
  readonly secrets: SecretPaths;
}

export interface CoordinatorOptions {
  readonly listen: string;
  readonly http: string;
  readonly words: readonly string[];
  readonly secrets: SecretPaths;
}

/** The service of a coordinator; the others are workers. */
export const COORDINATOR = 'coordinator';

/** Every file that a service may have from the operator, its name there, and the variable that tells the process of it. */
const SECRETS: readonly (readonly [path: keyof SecretPaths, name: string, variable: string])[] = [
  ['tokenFile', 'token', 'ROCINANTE_TOKEN_FILE'],
  ['tlsCa', 'ca.pem', 'ROCINANTE_TLS_CA'],
  ['tlsCert', 'certificate.pem', 'ROCINANTE_TLS_CERT'],
  ['tlsKey', 'key.pem', 'ROCINANTE_TLS_KEY'],
];

/** Their names on a host. */
export const SECRET_NAMES: readonly string[] = SECRETS.map(([, name]) => name);

const SECRET_BYTES_MAX = 1 << 20;
const WORKER_NAME_LENGTH_MAX = 40;

/** The workers of one host: one for each card, or one. */
export function workerSpecs(
  address: HostAddress,
  cards: readonly string[] | null,
  options: WorkerOptions,
): ServiceSpec[] {
  const name = shortName(address).slice(0, WORKER_NAME_LENGTH_MAX);
  const { files, environment } = readSecrets(options.secrets);
  const common = ['worker', '--coordinator', options.coordinator];
  if (cards === null) {
    return [{ service: 'worker', words: [...common, '--name', name, ...options.words], environment, files }];
  }
  return cards.map((card) => ({
    service: `worker-${card}`,
    words: [...common, '--name', `${name}-gpu${card}`, ...options.words],
    environment: {
      ...environment,
      // CUDA's own order puts the fastest card first; the numbers here are those of /dev/nvidia*.
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      CUDA_VISIBLE_DEVICES: card,
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    },
    files,
  }));
}

/** The coordinator's service. Its runs are in `data` in the service's folder, unless its words say something else. */
export function coordinatorSpec({ listen, http, words, secrets }: CoordinatorOptions): ServiceSpec {
  const { files, environment } = readSecrets(secrets);
  const own = ['serve', '--listen', listen, '--http', http, '--data', 'data'];
  return { service: COORDINATOR, words: [...own, ...words], environment, files };
}

/** A list with a word a line, as host.sh reads it. */
export function commandFile({ words }: ServiceSpec): string {
  return words.map((word) => `${word}\n`).join('');
}

/** Variables, one a line. */
export function environmentFile({ environment }: ServiceSpec): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function readSecrets(paths: SecretPaths): Pick<ServiceSpec, 'files' | 'environment'> {
  const given = SECRETS.filter(([path]) => paths[path] !== undefined);
  return {
    files: Object.fromEntries(given.map(([path, name]) => [name, readSecret(paths[path]!)])),
    environment: Object.fromEntries(given.map(([, name, variable]) => [variable, name])),
  };
}

function readSecret(path: string): string {
  const expected = `${path}: expected a text file of at most ${SECRET_BYTES_MAX} bytes`;
  try {
    if (statSync(path).size > SECRET_BYTES_MAX) throw new UsageError(`${expected}, received a longer one`);
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${expected}, received none that can be read`, { cause });
  }
}
