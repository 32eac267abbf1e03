import { counted } from '../display/quantities.js';
import { printable } from '../display/printable.js';
import { VERSION } from '../version.js';
import type { Section } from './examination.js';
import type { Finding, FindingStatus } from './finding.js';

const MARKS: Readonly<Record<FindingStatus, string>> = {
  ok: 'ok     ',
  warning: 'warning',
  problem: 'problem',
};

/** For a person: a line for each check, and beneath one that is not well what was expected and what to do. */
export function reportText(sections: readonly Section[]): string {
  const lines = sections.flatMap(({ title, findings }) => [
    `${title}:`,
    ...findings.flatMap(findingLines),
    '',
  ]);
  const { warnings, problems } = countsOf(sections);
  return `${[...lines, `${counted(problems, 'problem')}, ${counted(warnings, 'warning')}`].join('\n')}\n`;
}

/** For a script. */
export function reportJson(sections: readonly Section[]): object {
  return { version: VERSION, time: new Date().toISOString(), ...countsOf(sections), sections };
}

/** Whether any check found a problem; warnings are none. */
export function hasProblem(sections: readonly Section[]): boolean {
  return countsOf(sections).problems > 0;
}

function findingLines({ check, status, expected, found, advice }: Finding): string[] {
  const line = `  ${MARKS[status]}  ${printable(check)}: ${printable(found)}`;
  if (status === 'ok') return [line];
  return [line, `           expected: ${printable(expected)}`, `           to do: ${printable(advice)}`];
}

function countsOf(sections: readonly Section[]): { readonly problems: number; readonly warnings: number } {
  const statuses = sections.flatMap(({ findings }) => findings.map(({ status }) => status));
  const count = (wanted: FindingStatus): number => statuses.filter((status) => status === wanted).length;
  return { problems: count('problem'), warnings: count('warning') };
}
