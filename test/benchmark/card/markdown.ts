import { shown, type Figure, type Section } from './figure.js';

/** The report for people: a list of facts, and a table for each part. */
export function markdownOf(
  facts: Readonly<Record<string, string | null>>,
  sections: readonly Section[],
): string {
  const known = Object.entries(facts).filter(([, value]) => value !== null);
  const lines = [
    `# ${facts.card ?? facts.processor}`,
    '',
    ...known.map(([name, value]) => `- ${name}: ${value}`),
  ];
  for (const section of sections) lines.push('', ...sectionLines(section));
  return `${lines.join('\n')}\n`;
}

function sectionLines({ part, title, state, seconds, error, figures }: Section): string[] {
  const took = seconds === null ? '' : `, ${seconds.toFixed(0)} s`;
  const lines = [`## (${part}) ${title}`, '', `${state === 'running' ? 'not finished' : state}${took}`];
  if (error !== null) lines.push('', cell(error));
  if (figures.length === 0) return lines;
  lines.push('', '| what | measured | asked | met | |', '|---|---|---|---|---|', ...figures.map(row));
  return lines;
}

function row({ what, value, unit, asked, met, note }: Figure): string {
  const measured = `${shown(value)}${value === null || unit === '' ? '' : ` ${unit}`}`;
  const verdict = met === null ? '' : met ? 'met' : 'NOT MET';
  return `| ${[what, measured, asked ?? '', verdict, note ?? ''].map(cell).join(' | ')} |`;
}

/** Text that breaks no table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
}
