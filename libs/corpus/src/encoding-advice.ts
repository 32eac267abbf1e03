/** What bytes that are no UTF-8 begin with, and what makes a text of them. The longer beginnings stand first. */
const BEGINNINGS: readonly (readonly [bytes: readonly number[], advice: string])[] = [
  [[0x1f, 0x8b], 'it is compressed by gzip: `gunzip` it first'],
  [
    [0x50, 0x4b, 0x03, 0x04],
    'it is a ZIP archive, as EPUB and DOCX files are: take the text out of it first',
  ],
  [[0x25, 0x50, 0x44, 0x46, 0x2d], 'it is a PDF: take the text out of it first, as with `pdftotext`'],
  [[0xff, 0xfe, 0x00, 0x00], convertFrom('UTF-32')],
  [[0xff, 0xfe], convertFrom('UTF-16')],
  [[0xfe, 0xff], convertFrom('UTF-16')],
];

/** Of what follows the first wrong byte, so much is looked at. */
const LOOKED_AT_BYTES_MAX = 2 ** 20;

/**
 * What to do with bytes that are no UTF-8, by what they look like. A guess: only some encodings say which one they are.
 *
 * In ISO-8859-1 the bytes 80 to 9F are control characters, which no text has; in Windows-1252 they are quotes and dashes.
 * @param offset of the first byte that begins no UTF-8 character.
 * @see Whatwg's Encoding Standard, section 4.2, by which a browser reads what calls itself ISO-8859-1 as Windows-1252.
 */
export function encodingAdvice(bytes: Uint8Array, offset: number): string {
  const known = BEGINNINGS.find(([beginning]) => beginning.every((byte, index) => bytes[index] === byte));
  if (known !== undefined) return known[1];
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const before = bytes.subarray(marked ? 3 : 0, offset);
  if (marked || before.some((byte) => byte >= 0x80)) {
    return 'most of it is UTF-8: leave out what is not, for example with `iconv -c -f UTF-8 -t UTF-8`';
  }
  const after = bytes.subarray(offset, offset + LOOKED_AT_BYTES_MAX);
  return convertFrom(after.some((byte) => byte >= 0x80 && byte <= 0x9f) ? 'WINDOWS-1252' : 'ISO-8859-1');
}

function convertFrom(encoding: string): string {
  return `convert it, for example with \`iconv -f ${encoding} -t UTF-8\``;
}
