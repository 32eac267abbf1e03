/** Certificates and tokens for tests, as `rocinante certs` makes them, and processes that use them. */
import { join } from 'node:path';
import {
  bookLine,
  makeAuthority,
  makeCertificate,
  newToken,
  type IssuedPair,
  type Role,
} from '@rocinante/access';
import { writeFileSync } from 'node:fs';
import type { Workspace } from './rocinante.js';

const DAY_MS = 86_400_000;

/** An authority with a folder for what it signs. */
export class TestAuthority {
  /** Its certificate. */
  readonly caFile: string;
  readonly #workspace: Workspace;
  readonly #name: string;
  readonly #pair: IssuedPair;

  private constructor(workspace: Workspace, name: string, pair: IssuedPair) {
    this.#workspace = workspace;
    this.#name = name;
    this.#pair = pair;
    this.caFile = workspace.write(`${name}-ca.crt`, pair.cert);
  }

  static async make(workspace: Workspace, name: string): Promise<TestAuthority> {
    const pair = await makeAuthority({ name, days: 90, now: Date.now() - 30 * DAY_MS });
    return new TestAuthority(workspace, name, pair);
  }

  /** Signs a certificate, for this machine's loopback unless other names are given, and writes it. */
  async issue(
    name: string,
    { names = ['127.0.0.1', 'localhost'], expired = false } = {},
  ): Promise<{ readonly certFile: string; readonly keyFile: string }> {
    const now = expired ? Date.now() - 25 * DAY_MS : Date.now();
    const { cert, key } = await makeCertificate({
      authority: this.#pair,
      name,
      altNames: names,
      // Long enough that nobody is warned of its end.
      days: 20,
      now,
    });
    const certFile = this.#workspace.write(`${this.#name}-${name}.crt`, cert);
    return { certFile, keyFile: secret(this.#workspace.in(`${this.#name}-${name}.key`), key) };
  }
}

/** A book of tokens, and the files of their holders. */
export class TestBook {
  readonly bookFile: string;
  readonly tokens: Readonly<Record<Role, string>>;
  readonly files: Readonly<Record<Role, string>>;

  constructor(workspace: Workspace) {
    const roles: readonly Role[] = ['worker', 'operator', 'reader'];
    const tokens = roles.map((role) => [role, newToken()] as const);
    this.tokens = Object.fromEntries(tokens) as Record<Role, string>;
    this.files = Object.fromEntries(
      tokens.map(([role, token]) => [role, secret(workspace.in(`${role}.token`), `${token}\n`)]),
    ) as Record<Role, string>;
    const lines = tokens.map(([role, token]) => bookLine(role, `some-${role}`, token));
    this.bookFile = secret(join(workspace.path, 'tokens'), `${lines.join('\n')}\n`);
  }
}

/** Writes a file that only its owner reads. */
export function secret(path: string, content: string): string {
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}
