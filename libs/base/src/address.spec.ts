import { describe, expect, it } from 'vitest';
import { isLoopback, parseAddress } from './address.js';

describe('an address', () => {
  it('has a host and a port', () => {
    expect(parseAddress('trainer.example:7070')).toEqual({ host: 'trainer.example', port: 7070 });
    expect(parseAddress('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 });
    expect(parseAddress('[fe80::1]:65535')).toEqual({ host: '[fe80::1]', port: 65_535 });
  });

  it.each([
    '',
    'host',
    'host:',
    ':80',
    'host:65536',
    'a b:80',
    '::1:80',
    '[x]:80',
    'http://host:80',
    'host:8x',
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  it.each(['127.0.0.1:80', '127.1.2.3:0', 'localhost:80', '[::1]:80'])('%s is this machine’s own', (text) => {
    expect(isLoopback(text)).toBe(true);
  });

  it.each([
    '0.0.0.0:80',
    '[::]:80',
    '10.0.0.1:80',
    '127.0.0.1.example:80',
    'localhost.example:80',
    'localhost',
  ])('%s is not', (text) => {
    expect(isLoopback(text)).toBe(false);
  });
});
