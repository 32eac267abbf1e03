import type { RunChange, RunJson, RunListJson } from '@rocinante/run-json';

/** The list of runs at one moment, each in JSON, so that what has changed is known by comparing text. */
export interface ListPicture {
  /** In the list's order. */
  readonly runs: ReadonlyMap<string, string>;
  readonly leftOut: number;
}

/** @param list as `run list --json` has it. */
export function pictureOf(list: RunListJson): ListPicture {
  return { runs: new Map(list.runs.map((run) => [run.id, JSON.stringify(run)])), leftOut: list.leftOut };
}

/**
 * What changed from one picture to another: most runs have ended, and change no more.
 * @param before null for a page that has seen nothing yet.
 * @returns null where nothing did.
 */
export function changeOf(before: ListPicture | null, now: ListPicture): RunChange | null {
  const changed = [...now.runs].filter(([id, json]) => before?.runs.get(id) !== json);
  const order = [...now.runs.keys()];
  const isSame =
    before !== null &&
    changed.length === 0 &&
    order.join() === [...before.runs.keys()].join() &&
    before.leftOut === now.leftOut;
  if (isSame) return null;
  return { order, runs: changed.map(([, json]) => JSON.parse(json) as RunJson), leftOut: now.leftOut };
}
