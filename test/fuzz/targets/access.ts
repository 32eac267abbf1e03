import {
  bookLine,
  TOKEN_PREFIX,
  readAuthority,
  readTlsMaterial,
  readToken,
  TokenBook,
} from '@rocinante/access';
import { AUTHORITY, NOW, OWN_CERTIFICATE, OWN_KEY } from './certificate-texts.js';
import { splice, editBytes, type Edit } from '../byte-edits.js';
import { scratchFile } from '../scratch.js';
import { editText } from '../text-edits.js';
import { taken, type Target } from '../target.js';

/** A book of tokens, and a client's own token. */
export const tokens = (): Target => {
  const [token, other] = ['a', 'b'].map((letter) => TOKEN_PREFIX + letter.repeat(43));
  const book = `# role name hash\n${bookLine('worker', 'gpus', other)}\n${bookLine('operator', 'ana', token)}\n`;
  return {
    name: 'tokens',
    inputs: [Buffer.from(book), Buffer.from(book.replaceAll('\n', '\r\n')), Buffer.from(`${token}\n`)],
    edits: [editText],
    read: (bytes) => {
      const path = scratchFile('tokens', bytes);
      return [() => TokenBook.read(path).holderOf(token), () => readToken(path)].map(taken).includes(true);
    },
  };
};

const PEM_BLOCK = /-----BEGIN ([A-Z ]+)-----([\sA-Za-z0-9+/=]*)-----END/g;

/** Edits the bytes behind a block's base64, so that they reach the decoder of certificates or keys. */
const editBlock: Edit = (bytes, draw) => {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks = [...text.matchAll(PEM_BLOCK)];
  if (blocks.length === 0) return bytes;
  const block = draw.of(blocks);
  const [whole, label, body] = block;
  let contents: Uint8Array = Buffer.from(body, 'base64');
  for (let more = true; more; more = draw.chance(0.3)) contents = editBytes(contents, draw);
  const edited = `-----BEGIN ${label}-----\n${Buffer.from(contents).toString('base64')}\n-----END`;
  return splice(bytes, block.index, whole.length, Buffer.from(edited, 'latin1'));
};

/** Certificates and keys: those of a server with its authority, and an authority's alone. */
export const certificates = (): Target => {
  const certFile = scratchFile('own.crt', OWN_CERTIFICATE);
  const keyFile = scratchFile('own.key', OWN_KEY);
  return {
    name: 'certificates and keys',
    inputs: [AUTHORITY, OWN_CERTIFICATE, OWN_KEY, OWN_CERTIFICATE + AUTHORITY].map((pem) => Buffer.from(pem)),
    edits: [editBlock, editBlock, editBlock, editText],
    read: (bytes) => {
      const path = scratchFile('some.pem', bytes);
      return [
        () => readAuthority(path, NOW),
        () => readTlsMaterial({ certFile: path, keyFile, caFile: null }, NOW).notAfter.toISOString(),
        () => readTlsMaterial({ certFile, keyFile: path, caFile: null }, NOW),
        () => readTlsMaterial({ certFile, keyFile, caFile: path }, NOW),
      ]
        .map(taken)
        .includes(true);
    },
  };
};
