import { ENDLESS } from './open-end.js';
import type { Workspace } from './rocinante.js';

/** A run that takes seconds: two small layers with dropout, over a text that the test makes. */
export const smallConfig = {
  preset: 'quick',
  network: {
    input: 'one-hot',
    layers: [
      { units: 24, dropout: 0.3 },
      { units: 24, dropout: 0.3 },
    ],
  },
  text: { window: 20 },
  optimizer: { clipNorm: 0 },
} as const;

/** A text with a regularity to learn and a few symbols that are rare; the same at every call. */
export function smallText(characters: number): string {
  const words = ['the', 'whale', 'and', 'the', 'sea', 'are', 'old', 'ahab', 'sings', 'of', 'ropes'];
  let state = 12345;
  let text = '';
  while (text.length < characters) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const word = words[(state >>> 16) % words.length];
    text += (state >>> 20) % 37 === 0 ? `${word}.\n` : `${word} `;
    if ((state >>> 8) % 4001 === 0) text += '§';
  }
  return text.slice(0, characters);
}

/**
 * What orders such a run over 40,000 characters, for `train` and for `run start`; its files are written into the workspace.
 * @param steps of 32 windows in 4 micro-batches; by default as many as no run takes while a test lasts.
 */
export function smallOrder(workspace: Workspace, steps = ENDLESS): string[] {
  const corpus = workspace.write('corpus.txt', smallText(40_000));
  const config = workspace.write('config.json', smallConfig);
  const batch = ['--batch', '32', '--micro-batch', '8', '--steps', String(steps)];
  return ['--corpus', corpus, '--config', config, ...batch];
}
