/** A target as it is known without making it. */
export interface KnownTarget {
  readonly name: string;
  /**
   * Inputs that CI reads: the same on every machine, and so many that all targets take some 50 s of one processor core. The
   * long form reads as many as its time allows.
   */
  readonly inputs: number;
}

/** All targets by number: the same order as in index.ts. */
export const KNOWN_TARGETS: readonly KnownTarget[] = [
  { name: 'safetensors', inputs: 2500 },
  { name: 'weights file', inputs: 2000 },
  { name: 'checkpoint', inputs: 700 },
  { name: 'ledger', inputs: 450 },
  { name: 'messages', inputs: 3000 },
  { name: 'corpus text', inputs: 80 },
  { name: 'tokens', inputs: 2500 },
  { name: 'certificates and keys', inputs: 250 },
  { name: 'configuration', inputs: 3000 },
  { name: 'latest.json', inputs: 3000 },
  { name: 'log lines and addresses', inputs: 3000 },
  { name: 'run records', inputs: 200 },
  { name: 'a run’s small files', inputs: 2500 },
  { name: 'event logs', inputs: 300 },
  { name: 'bundles and hosts', inputs: 1000 },
  { name: 'HTTP', inputs: 1000 },
  { name: 'gRPC', inputs: 400 },
];
