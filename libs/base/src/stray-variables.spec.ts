import { expect, it } from 'vitest';
import { strayVariablesLine } from './stray-variables.js';

const line = (...names: string[]): string | null =>
  strayVariablesLine(Object.fromEntries(names.map((name) => [name, ''])));

const ours = (name: string): string => `ROCINANTE_${name}`;

it('says what nothing reads, and what may have been meant', () => {
  expect(line(ours('STEPZ'), 'PATH')).toBe('nothing reads ROCINANTE_STEPZ (did you mean ROCINANTE_STEPS?)');
  expect(line(ours('MICROBATCH'), ours('FROBNICATE'), ours('CORPUS'))).toBe(
    'nothing reads ROCINANTE_FROBNICATE, ROCINANTE_MICROBATCH (did you mean ROCINANTE_MICRO_BATCH?)',
  );
  expect(line(...[1, 2, 3, 4, 5, 6, 7].map((number) => ours(`OTHERS${number}`)))).toMatch(
    /OTHERS5 and 2 more$/,
  );
});

it('says nothing where there is nothing to say', () => {
  expect(line()).toBeNull();
  expect(line('PATH', 'ROCINANTE', ours('STEPS'))).toBeNull();
  // Kubernetes, of services rocinante and rocinante-coordinator.
  expect(
    line(
      ...['SERVICE_HOST', 'SERVICE_PORT_GRPC', 'COORDINATOR_PORT', 'PORT_7070_TCP', 'PORT_7070_TCP_ADDR'].map(
        ours,
      ),
    ),
  ).toBeNull();
});
