import { isLoopback } from '@rocinante/base';
import { StoreError } from './errors.js';

/** How a store is reached, and by whom. Never logged, recorded or put into a command line. */
export interface StoreAccess {
  /** URL of the server; buckets are the first part of its paths. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that end by themselves; null for lasting ones. */
  readonly sessionToken: string | null;
}

const DEFAULT_REGION = 'us-east-1';

/**
 * Reads the environment as other S3 clients do: `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` (else AWS itself),
 * `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
 * @param store its name, for messages.
 * @param insecure whether plain http may go to another machine.
 * @throws {StoreError} `STORE_ENVIRONMENT`; it names the variable, and never repeats a value of the last three.
 */
export function storeAccess(store: string, environment: NodeJS.ProcessEnv, insecure = false): StoreAccess {
  const given = (...names: string[]): string | undefined =>
    names.map((name) => environment[name]?.trim()).find((value) => value !== undefined && value !== '');
  const needed = (name: string): string => {
    const value = given(name);
    if (value !== undefined) return value;
    throw new StoreError(
      'STORE_ENVIRONMENT',
      store,
      `expected ${name} in the environment, and it is not set`,
    );
  };
  const region = given('AWS_REGION', 'AWS_DEFAULT_REGION') ?? DEFAULT_REGION;
  return {
    endpoint: checked(
      store,
      given('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL') ?? `https://s3.${region}.amazonaws.com`,
      insecure,
    ),
    region,
    accessKeyId: needed('AWS_ACCESS_KEY_ID'),
    secretAccessKey: needed('AWS_SECRET_ACCESS_KEY'),
    sessionToken: given('AWS_SESSION_TOKEN') ?? null,
  };
}

/** Without a slash at its end. */
function checked(store: string, endpoint: string, insecure: boolean): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (isPlain && url.protocol === 'http:' && !insecure && !isLoopback(`${url.hostname}:0`)) {
    // Requests are signed, and answers are not: whoever is between can read all, and change what comes back.
    throw new StoreError(
      'STORE_ENVIRONMENT',
      store,
      `expected an https endpoint, received http to ${url.host}, where others can read and change what is sent: ` +
        'give --store-insecure where the network is trusted',
    );
  }
  if (isPlain) return endpoint.replace(/\/+$/, '');
  throw new StoreError(
    'STORE_ENVIRONMENT',
    store,
    'expected a URL such as https://host:port in AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, without a name, a password or a query',
  );
}
