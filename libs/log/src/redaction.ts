/**
 * Names whose values are never written, also as the end of a longer name: `joinToken`, `client_secret`. What is true, false or
 * null is no secret, and whether there are any may be said: `"tokens":true`.
 */
const SECRET_NAME = /(token|secret|password|authorization)s?$/i;

/** A name such as `SECRET_NAME` asks for, in a line of JSON. */
const SECRET_IN_LINE = /(token|secret|password|authorization)s?"\s*:/i;

export interface Fields {
  readonly [name: string]: unknown;
}

/** A line of JSON without the values of what has a secret's name, at any depth. */
export function redactLine(line: string): string {
  if (!SECRET_IN_LINE.test(line)) return line;
  return JSON.stringify(redact(JSON.parse(line)));
}

/** What was parsed from JSON, without the values of what has a secret's name. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      typeof field !== 'boolean' && field !== null && SECRET_NAME.test(name) ? '[redacted]' : redact(field),
    ]),
  );
}
