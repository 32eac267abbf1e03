/** Every limit of tokens, certificates and their files. */

/** Characters of a token. Longer ones are refused before they are hashed; ours have 47. */
export const TOKEN_CHARACTERS_MAX = 256;

/** Characters of a token, at least. The book keeps fast hashes, which protect nothing that can be guessed. */
export const TOKEN_CHARACTERS_MIN = 32;

/** How long a process that changes a cluster's folder waits for another that does. Making everything takes a second or two. */
export const FOLDER_WAIT_SECONDS = 20;

/** Bytes of a client's token file: a token and the end of its line, generously. */
export const TOKEN_FILE_BYTES_MAX = 1024;

/** Characters of a token's name. */
export const TOKEN_NAME_CHARACTERS_MAX = 64;

/** Tokens in a book. Every one of them is compared with every token that comes: 1,024 take about 0.1 ms. */
export const BOOK_ENTRIES_MAX = 1024;

/** Bytes of a book, comments included. */
export const BOOK_BYTES_MAX = 256 * 1024;

/** Bytes of a file of certificates. The largest public bundle of authorities has about 230 KB. */
export const CERTIFICATE_FILE_BYTES_MAX = 1024 * 1024;

/** Certificates in one file. */
export const CERTIFICATES_MAX = 512;

/** Bytes of a key's file. An RSA key of 16,384 bits has about 13 KB. */
export const KEY_FILE_BYTES_MAX = 64 * 1024;

/** Characters of a host's name, and of one of its labels, by RFC 1035. */
export const HOST_NAME_CHARACTERS_MAX = 253;
export const HOST_LABEL_CHARACTERS_MAX = 63;

/** Names and addresses in a certificate that we make. */
export const ALT_NAMES_MAX = 100;

/** Days that what we make may be valid: certificates, and the authority. */
export const CERTIFICATE_DAYS_MAX = 3650;
export const AUTHORITY_DAYS_MAX = 7300;

/** A client tells of its own certificate when it ends in fewer days, as the alerts do. */
export const CERTIFICATE_NOTICE_DAYS = 14;
