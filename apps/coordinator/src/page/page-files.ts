import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { HttpAnswer } from '@rocinante/http';

/** Where the dashboard's build puts the page: a file beside ours, since no app imports another. */
const PAGE_DIRECTORY = join(import.meta.dirname, '..', '..', '..', 'dashboard', 'dist', 'page');

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Files under `assets` are named by a digest of what is in them. */
const FOR_GOOD = { 'Cache-Control': 'private, max-age=31536000, immutable' };

/** The page's files, read once: what is asked for never becomes a path on the disk. */
export class PageFiles {
  readonly #files = new Map<string, HttpAnswer>();

  /** @param directory what the build made; where it is missing, there is no page, and nothing else lacks. */
  constructor(directory = PAGE_DIRECTORY) {
    for (const name of namesIn(directory)) {
      const contentType = CONTENT_TYPES[extname(name)];
      if (contentType === undefined) continue;
      this.#files.set(name, {
        status: 200,
        contentType,
        body: readFileSync(join(directory, name)),
        ...(name.startsWith('assets/') && { headers: FOR_GOOD }),
      });
    }
  }

  /** @param name relative to the directory; undefined where there is no such file. */
  find(name: string): HttpAnswer | undefined {
    return this.#files.get(name);
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
