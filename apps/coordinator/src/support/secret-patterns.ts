/** Names whose values are secrets, wherever in the name the word stands; not those that name a file. */
const SECRET_WORD =
  'token|secret|passwd|password|passphrase|credential|authorization|cookie|api[_-]?key|access[_-]?key|private[_-]?key|signature';

const SECRET_NAME = new RegExp(SECRET_WORD, 'i');
const FILE_NAME = /(file|files|path|dir|folder)$/i;

/** Whether a field or variable of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !FILE_NAME.test(name);
}

export const REDACTED = '[redacted]';

/**
 * What secrets look like, and what is left of them. Order matters: whole things before what stands inside of others. Repetitions
 * that something must follow are bounded, so that no text of others takes more time than its length.
 */
export const SECRET_PATTERNS: readonly (readonly [RegExp, string])[] = [
  // A key, also one whose end or begin was cut off.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
    REDACTED,
  ],
  [/^[A-Za-z0-9+/=\s]{0,20000}-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/g, REDACTED],
  // Our own tokens, and those that other services mark.
  [/rcn_[\w-]{8,}/g, REDACTED],
  [
    /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_\w{20,}|xox[abeprs]-[\w-]{10,}|sk-[\w-]{20,})/g,
    REDACTED,
  ],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, REDACTED],
  [/\beyJ[\w-]{8,2000}\.[\w-]{8,2000}\.[\w-]*/g, REDACTED],
  [/\b(Bearer|Basic|Digest)\s{1,8}[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  // Addresses: who logs in, what stands in the query, and the path of a webhook.
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@"'<>]{1,256}@/gi, `$1${REDACTED}@`],
  [
    /(https?:\/\/(?:hooks\.|discord(?:app)?\.com|[^\s/"'<>]{0,200}webhook)[^\s/"'<>]{0,200})\/[^\s"'<>]+/gi,
    `$1/${REDACTED}`,
  ],
  [
    /([?&][^=&\s"']{0,60}(?:token|secret|pass|key|sig|credential|auth)[^=&\s"']{0,60}=)[^&\s"']+/gi,
    `$1${REDACTED}`,
  ],
  // `--token abc`, but not `--token-file f`.
  [/(--[\w-]{0,40}(?:token|secret|password|passphrase)(?=[\s=]))(\s{1,8}|=)(?!-)\S+/gi, `$1$2${REDACTED}`],
];

/** Keys over several lines of a text, whose lines are looked at one by one otherwise; whole, or without its begin. */
export const KEYS_OF_LINES: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----\r?\n(?:(?:[\w-]{1,30}: [^\n]{0,100}|[A-Za-z0-9+/=]{0,100})\r?\n){0,400}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?/g,
  /^(?:[A-Za-z0-9+/=]{0,100}\r?\n){0,400}-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/g,
];

/** `name=value`, `name: value`, `"name":"value"`; the name decides. */
export const ASSIGNMENT = new RegExp(
  `([\\w.-]{0,40}(?:${SECRET_WORD})[\\w.-]{0,40})(\\\\?["']?\\s{0,8}[=:]\\s{0,8}\\\\?["']?)((?:Bearer |Basic )?[^\\s"',;}\\\\]+)`,
  'gi',
);
