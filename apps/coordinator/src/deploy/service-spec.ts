import { readSmallFile, type SmallFile } from '@rocinante/access';
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

/** A file that a service may have from the operator: its name there, and the variable that tells the process of it. */
interface Secret extends Omit<SmallFile, 'bytesMax'> {
  readonly path: keyof SecretPaths;
  readonly name: string;
  readonly variable: string;
}

const TOKEN = { path: 'tokenFile', name: 'token', variable: 'ROCINANTE_TOKEN_FILE' } as const;

const TLS_SECRETS: readonly Secret[] = [
  { path: 'tlsCa', name: 'ca.pem', variable: 'ROCINANTE_TLS_CA', what: 'an authority', keepFrom: null },
  {
    path: 'tlsCert',
    name: 'certificate.pem',
    variable: 'ROCINANTE_TLS_CERT',
    what: 'a certificate',
    keepFrom: null,
  },
  { path: 'tlsKey', name: 'key.pem', variable: 'ROCINANTE_TLS_KEY', what: 'a key', keepFrom: 'readers' },
];

const WORKER_SECRETS: readonly Secret[] = [
  { ...TOKEN, what: 'a token', keepFrom: 'readers' },
  ...TLS_SECRETS,
];

/** A coordinator has a book, which holds no token. */
const COORDINATOR_SECRETS: readonly Secret[] = [
  { ...TOKEN, what: 'a book of tokens', keepFrom: 'writers' },
  ...TLS_SECRETS,
];

/** Their names on a host. */
export const SECRET_NAMES: readonly string[] = WORKER_SECRETS.map(({ name }) => name);

const SECRET_BYTES_MAX = 1 << 20;
const WORKER_NAME_LENGTH_MAX = 40;

/** The workers of one host: one for each card, or one. */
export function workerSpecs(
  address: HostAddress,
  cards: readonly string[] | null,
  options: WorkerOptions,
): ServiceSpec[] {
  const name = shortName(address).slice(0, WORKER_NAME_LENGTH_MAX);
  const { files, environment } = readSecrets(options.secrets, WORKER_SECRETS);
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
  const { files, environment } = readSecrets(secrets, COORDINATOR_SECRETS);
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

/** @throws {AccessError} a file cannot be read, or others can do with it what they may not. */
function readSecrets(
  paths: SecretPaths,
  secrets: readonly Secret[],
): Pick<ServiceSpec, 'files' | 'environment'> {
  const given = secrets.filter(({ path }) => paths[path] !== undefined);
  const textOf = ({ path, what, keepFrom }: Secret): string =>
    readSmallFile(paths[path]!, { what, bytesMax: SECRET_BYTES_MAX, keepFrom }).toString('utf8');
  return {
    files: Object.fromEntries(given.map((secret) => [secret.name, textOf(secret)])),
    environment: Object.fromEntries(given.map(({ name, variable }) => [variable, name])),
  };
}
