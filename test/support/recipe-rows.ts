/** A file's name in a row: `*` stands for a part of a name, and `/**` at the end for a whole folder. */
export interface RowName {
  readonly text: string;
  readonly isFolder: boolean;
  readonly matches: (path: string) => boolean;
}

/** A row of deploy/README.md's table of files. */
export interface RecipeRow {
  readonly names: readonly RowName[];
  readonly what: string;
  readonly checked: string;
  readonly unchecked: string;
}

const HEADER = '| file | what it is | how it was checked | what could not be checked here |';

/** The rows of the tables of files in deploy/README.md. */
export function recipeRows(text: string): RecipeRow[] {
  const tables = text.split('\n\n').filter((part) => part.startsWith(HEADER));
  return tables.flatMap((table) => table.trim().split('\n').slice(2).map(row));
}

function row(line: string): RecipeRow {
  const [files = '', what = '', checked = '', unchecked = ''] = line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
  return {
    names: [...files.matchAll(/`([^`]+)`/g)].map(([, name]) => rowName(name)),
    what,
    checked,
    unchecked,
  };
}

function rowName(text: string): RowName {
  const isFolder = text.endsWith('/**');
  const literal = (part: string): string => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  const pattern = isFolder ? `${literal(text.slice(0, -2))}.+` : text.split('*').map(literal).join('[^/]*');
  const expression = new RegExp(`^${pattern}$`);
  return { text, isFolder, matches: (path) => expression.test(path) };
}
