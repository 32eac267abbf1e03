import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oneLine } from '@rocinante/base';
import { shown, type Figure, type Section } from './figure.js';
import { markdownOf } from './markdown.js';
import { UsageError, type Part } from './options.js';
import { demandTime } from './what-runs.js';

/** What was measured on which machine: one JSON file and its table, which are written anew with each figure. */
export class Report {
  readonly sections: Section[] = [];

  /**
   * @param name of the files.
   * @param facts about machine and measurement, for people; what is not known yet may be added.
   * @throws {UsageError} the folder has results of that name.
   */
  constructor(
    readonly folder: string,
    readonly name: string,
    readonly facts: Record<string, string | null>,
  ) {
    const file = join(folder, `${name}.json`);
    if (existsSync(file))
      throw new UsageError(
        `--out ${folder}: expected no results of ${name}, received ${file}; name another folder`,
      );
    mkdirSync(folder, { recursive: true });
    this.write();
  }

  section(part: Part, title: string): Section {
    const section: Section = {
      part,
      title,
      state: 'running',
      seconds: null,
      error: null,
      figures: [],
      details: {},
    };
    this.sections.push(section);
    this.write();
    return section;
  }

  /** Adds a figure, and says it. */
  add(section: Section, figure: Omit<Figure, 'note'> & { readonly note?: string | null }): void {
    const whole = { ...figure, note: figure.note ?? null };
    section.figures.push(whole);
    this.write();
    console.log(`(${section.part}) ${lineOf(whole)}`);
  }

  /**
   * Does one piece of a part; what goes wrong in it is told in its place, fails the part, and keeps nothing else from being done.
   * @throws {InterruptedError} it is to end.
   */
  async attempt(section: Section, what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      demandTime();
      const line = oneLine((error as Error).message);
      section.error ??= `${what}: ${line}`;
      this.add(section, { what, value: null, unit: '', asked: null, met: null, note: line });
    }
  }

  fact(name: string, value: string | null): void {
    if (value !== null) this.facts[name] = value;
    this.write();
  }

  /** Each file is replaced whole: a kill leaves the one before. */
  write(): void {
    const { facts, sections } = this;
    const contents = {
      json: `${JSON.stringify({ facts, sections }, null, 1)}\n`,
      md: markdownOf(facts, sections),
    };
    for (const [ending, text] of Object.entries(contents)) {
      const file = join(this.folder, `${this.name}.${ending}`);
      writeFileSync(`${file}.part`, text);
      renameSync(`${file}.part`, file);
    }
  }

  /** 1 where a part failed, 3 where all gave figures and something asked is not met, else 0. */
  get exitCode(): 0 | 1 | 3 {
    if (this.sections.some(({ state }) => state !== 'done')) return 1;
    return this.sections.some(({ figures }) => figures.some(({ met }) => met === false)) ? 3 : 0;
  }
}

function lineOf({ what, value, unit, asked, met, note }: Figure): string {
  const verdict = asked === null ? '' : `; asked ${asked}${met === null ? '' : met ? ': met' : ': NOT MET'}`;
  return `${what}: ${shown(value)}${unit === '' || value === null ? '' : ` ${unit}`}${verdict}${note === null ? '' : ` (${note})`}`;
}
