/** For specs: certificates as `rocinante certs` makes them, and servers that ask for them. */
import { makeAuthority, makeCertificate, type IssuedPair, type TlsMaterial } from '@rocinante/access';
import type { RunsHandlers, TrainingHandlers } from './service.js';

const DAY_MS = 86_400_000;

export interface SpecCertificate {
  readonly names?: readonly string[];
  /** Whether its days are over. */
  readonly expired?: boolean;
  /** Whether clients are asked for a certificate of the authority. */
  readonly mutual?: boolean;
}

/** An authority of a spec's own, and what it signs. */
export class SpecAuthority {
  readonly ca: Buffer;
  readonly #pair: IssuedPair;

  private constructor(pair: IssuedPair) {
    this.#pair = pair;
    this.ca = Buffer.from(pair.cert);
  }

  static async make(name: string): Promise<SpecAuthority> {
    // It began long ago, so that what it signed may have ended.
    return new SpecAuthority(await makeAuthority({ name, days: 90, now: Date.now() - 30 * DAY_MS }));
  }

  async issue({
    names = ['127.0.0.1', 'localhost'],
    expired,
    mutual,
  }: SpecCertificate = {}): Promise<TlsMaterial> {
    const days = 10;
    const now = expired ? Date.now() - 20 * DAY_MS : Date.now();
    const { cert, key } = await makeCertificate({
      authority: this.#pair,
      name: 'spec',
      altNames: names,
      days,
      now,
    });
    return {
      cert: Buffer.from(cert),
      key: Buffer.from(key),
      ca: mutual ? this.ca : null,
      notAfter: new Date(now + days * DAY_MS),
      names,
    };
  }
}

/** Handlers of which only `List` answers: no runs. */
export const listing: { readonly training: TrainingHandlers; readonly runs: RunsHandlers } = {
  training: new Proxy({} as TrainingHandlers, { get: () => () => undefined }),
  runs: new Proxy({} as RunsHandlers, {
    get: (_, name) =>
      name === 'List'
        ? (_call: unknown, callback: (error: null, answer: object) => void) => callback(null, { runs: [] })
        : () => undefined,
  }),
};
