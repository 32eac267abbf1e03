// @ts-check
import { get as getPlain } from 'node:http';
import { get as getOverTls } from 'node:https';

// The images' health check: whether the process in this container answers /healthz, which needs no token. Docker knows no more
// than the exit code, 0 or 1, and shows the line that is said.

/** Docker gives five seconds. */
const TIMEOUT_MS = 4_000;

const { ROCINANTE_HEALTH_PORT: port = '7071', ROCINANTE_INSECURE: insecure = '0' } = process.env;

/** @param {string} line @param {number} code @returns {never} */
function end(line, code) {
  process.stdout.write(`${line}\n`);
  process.exit(code);
}

const isPlain = insecure === '1';
const url = `${isPlain ? 'http' : 'https'}://127.0.0.1:${port}/healthz`;
// The certificate has the names by which others come, not this one, and nothing is told or believed here but that it lives.
const request = (isPlain ? getPlain : getOverTls)(
  url,
  { timeout: TIMEOUT_MS, rejectUnauthorized: false },
  (response) => end(`${url} answered ${response.statusCode}`, response.statusCode === 200 ? 0 : 1),
);
request.on('timeout', () => end(`${url} has not answered within ${TIMEOUT_MS / 1000} s`, 1));
request.on('error', (error) => end(`${url}: ${error.message}`, 1));
