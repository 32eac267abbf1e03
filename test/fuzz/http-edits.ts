/** Edits of HTTP/1.1 requests that know lines, headers and lengths. */
import { splice, type Edit } from './byte-edits.js';
import type { Draw } from './draw.js';

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'get',
  'PRI',
  'M-SEARCH',
  'GET GET',
];

const TARGETS = [
  '/',
  '*',
  '//',
  '/open',
  '/read?a=%',
  '/files/../../etc/passwd',
  '/files/%2e%2e%2f%00',
  '/files/' + 'a'.repeat(3_000),
  '/files/\u009b2J\u00ff',
  'http://127.0.0.1/open',
  'http://[/',
  '/act',
  '/stream',
  '/open#a',
  '/open?' + 'a=b&'.repeat(500),
  '?',
];

const HEADERS = [
  'Host: a',
  'Host:',
  'Host: [::1]:70000',
  'Content-Length: 5',
  'Content-Length: -1',
  'Content-Length: 99999999999999999999',
  'Content-Length: 5, 5',
  'Content-Length: 0x5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding : chunked',
  'Expect: 100-continue',
  'Expect: 200-ok',
  'Connection: upgrade\r\nUpgrade: h2c',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a',
  'Connection: keep-alive, close',
  'Authorization: Bearer',
  'Authorization: Bearer ' + 'x'.repeat(4_000),
  'Authorization: Basic Zm9v',
  'Cookie: rocinante-session=' + 'A'.repeat(43),
  'Cookie: ' + 'a=b; '.repeat(800),
  'Cookie: rocinante-session; =; ;;',
  'Origin: null',
  'X: \u0000',
  ' folded: yes',
  ': nameless',
  '\u009b: \u009b',
  '__proto__: a',
  'Trailer: Content-Length',
];

/** Very many headers, a very long one, or one that there is. */
function header(draw: Draw): string {
  const one = draw.of(HEADERS);
  if (draw.chance(0.05)) return `${one}\r\n`.repeat(2 ** draw.below(9)).trimEnd();
  if (draw.chance(0.03)) return `Long: ${'x'.repeat(2 ** draw.below(15))}`;
  return one;
}

const CHUNKS = ['0', '5', '-1', 'ffffffff', 'fffffffffffffffff', '5;a=b', '5 ', '', '0\r\nX: y'];

/** Edits one of the request's lines; what is no line is text behind the last one. */
export const editRequest: Edit = (bytes, draw) => {
  const lines = Buffer.from(bytes).toString('latin1').split('\r\n');
  const at = draw.below(lines.length);
  switch (draw.below(8)) {
    case 0:
      lines[0] = `${draw.of(METHODS)} ${draw.of(TARGETS)} ${draw.of(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', ''])}`;
      break;
    case 1:
      lines.splice(at, 1);
      break;
    case 2:
      lines.splice(at, 0, lines[draw.below(lines.length)]);
      break;
    case 3:
      lines.splice(at, 0, `${draw.of(CHUNKS)}\r\nabcde`);
      break;
    case 4:
      // A second request behind the first.
      return splice(bytes, bytes.length, 0, bytes);
    case 5:
      return Buffer.from(lines.join(draw.of(['\n', '\r', '\r\n\r\n', '\r\n'])), 'latin1');
    default:
      lines.splice(1 + draw.below(Math.max(1, lines.length - 2)), draw.below(2), header(draw));
  }
  return Buffer.from(lines.join('\r\n'), 'latin1');
};
