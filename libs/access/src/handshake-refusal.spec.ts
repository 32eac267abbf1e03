import { expect, it } from 'vitest';
import { handshakeRefusal } from './handshake-refusal.js';

it.each([
  ['ERR_SSL_HTTP_REQUEST', 'NOT_TLS'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'NOT_TLS'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'BAD_CERTIFICATE'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'BAD_CERTIFICATE'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', 'TIMEOUT'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', 'MALFORMED'],
])('%s is %s', (code, expected) => {
  expect(handshakeRefusal(Object.assign(new Error('words'), { code }))?.code).toBe(expected);
});

it('says nothing of who went away by itself', () => {
  expect(handshakeRefusal(Object.assign(new Error('words'), { code: 'ECONNRESET' }))).toBeNull();
});

it('says what OpenSSL means, and not where in it', () => {
  const error = Object.assign(new Error('80:error:0A:SSL routines:x.c:16'), {
    code: 'ERR_SSL_SOMETHING',
    reason: 'something',
  });
  expect(handshakeRefusal(error)?.what).toBe('it does not keep to TLS: something');
});
