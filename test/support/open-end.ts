import { train, type Summary, type Workspace } from './rocinante.js';

/**
 * Steps that no run takes while a test lasts. A run that something is to befall is begun with so many, and is given its end
 * when that has happened: it is under way still, however fast steps are and however late the test comes.
 */
export const ENDLESS = 1_000_000;

/** Ends are multiples of this: runs of one file mostly have the same, and share the undisturbed run of it. */
const LENGTH = 40;

/** Where a run is to end that stands at this step: five steps on at least. */
export function endAfter(step: number): number {
  return Math.ceil((step + 5) / LENGTH) * LENGTH;
}

/** Runs that nothing befalls, for comparison: one of each length, made when it is first asked for. */
export class Undisturbed {
  readonly #made = new Map<number, Promise<Summary>>();

  /** @param order the options of `train`, but for steps, run directory and shape: it has one worker of one thread. */
  constructor(
    readonly workspace: Workspace,
    readonly order: readonly string[],
  ) {}

  /** What the run of so many steps ends with. */
  of(steps: number): Promise<Summary> {
    const runDir = this.workspace.in(`undisturbed-${steps}`);
    const made =
      this.#made.get(steps) ??
      train([
        ...this.order,
        ...['--steps', String(steps), '--workers', '1', '--threads', '1', '--run-dir', runDir],
      ]);
    this.#made.set(steps, made);
    return made;
  }
}
