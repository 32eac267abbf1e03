import { isName, limits } from '@rocinante/wire';
import { expect, it } from 'vitest';
import * as client from './limits.js';

it.each([
  'CONTENT_CHUNK_BYTES_MAX',
  'RUN_NAME_LENGTH_MAX',
  'TAGS_MAX',
  'TAG_LENGTH_MAX',
  'NOTE_LENGTH_MAX',
  'PRIORITY_MAX',
  'NAME_LENGTH_MAX',
] as const)('%s is the protocol’s', (name) => {
  expect(client[name]).toBe(limits[name]);
});

it.each(['default', 'a:b@c.d-e_1', 'a b', 'ñ', '', 'x'.repeat(64), 'x'.repeat(65)])(
  'a pool may be called %j where the protocol says so',
  (name) => {
    expect(client.NAME_PATTERN.test(name)).toBe(isName(name));
  },
);
