// @ts-check
import { get as getPlain } from 'node:http';
import { get as getOverTls } from 'node:https';

// The images' health check: whether the process in this container answers /healthz, which needs no token. Docker knows no more
// than the exit code, 0 or 1, and shows the line that is said.

/** Docker gives five seconds, for both ways. */
const TIMEOUT_MS = 2_000;

const { ROCINANTE_HEALTH_PORT: port = '7071', ROCINANTE_INSECURE: insecure } = process.env;
const { ROCINANTE_HTTP: http = '', ROCINANTE_LISTEN: listen } = process.env;

/** Under no TLS are ports that were told so, and a worker's that is reached from within alone. */
const isPlain = insecure === '1' || (listen === undefined && /^(127\.|localhost:|\[::1\]:)/.test(http));

/**
 * @param {string} scheme
 * @returns {Promise<number | undefined>} the answer's status.
 */
function ask(scheme) {
  const get = scheme === 'https' ? getOverTls : getPlain;
  // The certificate has the names by which others come, not this one; nothing is told or believed here but that it lives.
  const options = { timeout: TIMEOUT_MS, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const request = get(`${scheme}://127.0.0.1:${port}/healthz`, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', reject);
  });
}

/** @type {string[]} */
const said = [];
// The likely way first: a port counts what it cannot read.
for (const scheme of isPlain ? ['http', 'https'] : ['https', 'http']) {
  try {
    const status = await ask(scheme);
    if (status === 200) {
      process.stdout.write(`${scheme}: alive\n`);
      process.exit(0);
    }
    said.push(`${scheme}: status ${status}`);
  } catch (error) {
    said.push(`${scheme}: ${/** @type {Error} */ (error).message}`);
  }
}
process.stdout.write(`port ${port}: ${said.join('; ')}\n`);
process.exit(1);
