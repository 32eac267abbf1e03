import { expect, it } from 'vitest';
import { AnswerCount, UNASKED_MAX } from './answer-count.js';

it('takes one answer for each thing asked, and a few more', () => {
  const count = new AnswerCount();
  for (let index = 0; index < 100; index++) count.asked('a');
  for (let index = 0; index < 100 + UNASKED_MAX; index++) count.answered('a');
  expect(() => count.answered('a')).toThrow(
    'expected no more reports and ranges than it was asked for, received 17 more',
  );
});

it('counts each worker for itself', () => {
  const count = new AnswerCount();
  for (let index = 0; index < 100; index++) count.asked('a');
  for (let index = 0; index < UNASKED_MAX; index++) count.answered('b');
  expect(() => count.answered('b')).toThrow('worker b');
  expect(() => count.answered('a')).not.toThrow();
});

it('forgets one that left', () => {
  const count = new AnswerCount();
  for (let index = 0; index < UNASKED_MAX; index++) count.answered('a');
  count.left('a');
  expect(() => count.answered('a')).not.toThrow();
});
