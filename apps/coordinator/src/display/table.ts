import Table from 'cli-table3';
import { printable } from './printable.js';

/** Rows under their heads, in columns two blanks apart and without lines; numbers stand right. */
export function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const none = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
  ]
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((name) => [name, '']);
  const built = new Table({
    head: [...heads],
    chars: { ...(Object.fromEntries(none) as Record<string, string>), middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: heads.map((_, column) => (/^\d[\d,]*$/.test(String(rows[0]?.[column])) ? 'right' : 'left')),
  });
  built.push(...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell : printable(cell)))));
  return built
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
