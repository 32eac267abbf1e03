import { expect, it } from 'vitest';
import { foreignHost } from './foreign-host.js';

const own = ['127.0.0.1:7071', 'trainer.lan:7071'];

it.each([
  '127.0.0.1:7071',
  'localhost:7071',
  'app.localhost:7071',
  '[::1]:7071',
  '10.0.0.5:7071',
  'TRAINER.lan:80',
  'localhost',
])('tells whoever asks for %s', (host) => {
  expect(foreignHost(host, own)).toBeNull();
});

it.each([
  'evil.example:7071',
  'trainer.lan.evil.example',
  'localhost.evil.example',
  'evil-localhost',
  'localhost.',
  '127.0.0.1.evil.example',
  '1.2.3',
  '',
  null,
])('tells nothing whoever asks for %s', (host) => {
  expect(foreignHost(host, own)).toMatch(
    /^without tokens: expected to be asked for by an address in digits, localhost, .*, received ("|no host)/,
  );
});
