import { readFileSync, statSync } from 'node:fs';
import { assert } from '@rocinante/base';
import { LINE_LENGTH_MAX, SECRET_FILE_BYTES_MAX, SECRET_LENGTH_MIN } from './limits.js';
import { ASSIGNMENT, isSecretName, KEYS_OF_LINES, REDACTED, SECRET_PATTERNS } from './secret-patterns.js';

export interface RedactorOptions {
  /** Values that must not be in the archive, wherever they came from. */
  readonly secrets: readonly string[];
  /** What is written as `~`; null to keep it. */
  readonly home: string | null;
}

/**
 * Takes secrets out of texts: values that are known, values of what has a secret's name, and what looks like one. Texts that
 * people may hold private are taken out too: samples that a run drew.
 */
export class Redactor {
  /** How many were taken out until now. */
  count = 0;
  readonly #known: readonly string[];
  readonly #home: string | null;

  constructor({ secrets, home }: RedactorOptions) {
    const values = new Set(secrets.filter((secret) => secret.length >= SECRET_LENGTH_MIN).flatMap(formsOf));
    // A secret that holds another goes first.
    this.#known = [...values].sort((a, b) => b.length - a.length);
    this.#home = home === null || home === '/' ? null : home.replace(/\/$/, '');
  }

  /** A text of lines, of which each may be JSON; or one JSON document. */
  text(text: string): string {
    const whole = this.#json(text);
    if (whole !== null) return whole;
    let keyless = text;
    for (const pattern of KEYS_OF_LINES) {
      keyless = keyless.replace(pattern, () => {
        this.count += 1;
        return REDACTED;
      });
    }
    return keyless
      .split('\n')
      .map((line) => {
        if (line.length > LINE_LENGTH_MAX) return `[a line of ${line.length} characters; left out]`;
        return this.#json(line) ?? this.string(line);
      })
      .join('\n');
  }

  /** A text that is no JSON. */
  string(text: string): string {
    let clean = text;
    for (const secret of this.#known) clean = this.#replace(clean, secret);
    for (const [pattern, left] of SECRET_PATTERNS) {
      clean = clean.replace(pattern, (...match: string[]) => {
        this.count += 1;
        return left.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
      });
    }
    clean = clean.replace(ASSIGNMENT, (all, name: string, between: string, value: string) => {
      if (!isSecretName(name) || value.startsWith(REDACTED.slice(0, -1))) return all;
      this.count += 1;
      return `${name}${between}${REDACTED}`;
    });
    return this.#home === null ? clean : clean.replaceAll(this.#home, '~');
  }

  /** What was parsed from JSON. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.string(value);
    if (Array.isArray(value)) return value.map((part) => this.value(part));
    if (typeof value !== 'object' || value === null) return value;
    const isSample = (value as { event?: unknown }).event === 'sample';
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => {
        if (isSample && name === 'text') return [name, '[a text that was drawn; left out]'];
        if (!isSecretName(name) || field === null || typeof field === 'boolean') {
          return [this.string(name), this.value(field)];
        }
        this.count += 1;
        return [this.string(name), REDACTED];
      }),
    );
  }

  /** Fails where a known secret is in what is about to be written: that would be a fault of ours. */
  check(text: string): void {
    assert(!this.#known.some((secret) => text.includes(secret)), 'a secret is left in the archive');
  }

  #json(text: string): string | null {
    if (!/^\s*[[{]/.test(text)) return null;
    try {
      const parsed: unknown = JSON.parse(text);
      const isMany = text.trimEnd().includes('\n');
      return (
        JSON.stringify(this.value(parsed), null, isMany ? 2 : undefined) + (text.endsWith('\n') ? '\n' : '')
      );
    } catch {
      return null;
    }
  }

  #replace(text: string, secret: string): string {
    const pieces = text.split(secret);
    this.count += pieces.length - 1;
    return pieces.join(REDACTED);
  }
}

/** A value as it may stand in texts: as it is, in JSON, in an address, in base64 and as hexadecimal digits. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    base64,
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}

/**
 * Secrets that this process knows of: values of variables that are named so, the address of notices, and what the files hold
 * that options name.
 * @param files paths of such files; one that cannot be read is passed over.
 */
export function knownSecrets(environment: NodeJS.ProcessEnv, files: readonly string[]): string[] {
  const named = Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && isSecretName(name) ? [value] : [],
  );
  const inFiles = [
    ...files,
    environment['ROCINANTE_TOKEN_FILE'],
    environment['ROCINANTE_TLS_KEY'],
    environment['ROCINANTE_NOTIFY_SECRET_FILE'],
  ];
  return [
    ...named,
    ...addressSecrets(environment['ROCINANTE_NOTIFY'] ?? ''),
    ...inFiles.flatMap((path) => (path === undefined || path === '' ? [] : linesOf(path))),
  ];
}

/** All of an address but its host may be a secret. */
function addressSecrets(address: string): string[] {
  if (!URL.canParse(address)) return address === '' ? [] : [address];
  const { pathname, search, username, password } = new URL(address);
  return [address, pathname, `${pathname}${search}`, username, password].filter((part) => part !== '/');
}

function linesOf(path: string): string[] {
  try {
    if (statSync(path).size > SECRET_FILE_BYTES_MAX) return [];
    // A key's first and last line are no secret.
    const text = readFileSync(path, 'utf8')
      .replace(/-----[A-Z ]+-----/g, '')
      .trim();
    return [text, ...text.split(/\s+/)];
  } catch {
    return [];
  }
}
