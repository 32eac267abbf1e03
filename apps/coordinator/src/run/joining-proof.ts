import type { EngineDescriptionMessage } from '@rocinante/wire';
import type { Admission } from '../service/worker-pool.js';
import type { Session } from '../service/session.js';
import type { Exactness } from './exactness.js';
import type { RunObserver } from './run-observer.js';

/** Whether a worker of another kind is parked, or admitted. */
export type ExactMode = 'auto' | 'off';

export interface JoiningProofParts {
  readonly mode: ExactMode;
  readonly exactness: Exactness;
  /** Steps closed by now. */
  readonly step: () => number;
  readonly observer: Pick<
    Required<RunObserver>,
    'proofSet' | 'workerParked' | 'workerRefused' | 'admittedInexact' | 'idleLeft'
  >;
}

/**
 * The joining proof of a run: the first worker sets it while no step is closed, and one whose proof is another is parked, or under
 * `--exact off` admitted and recorded. What workers say of their engines decides nothing, and explains.
 */
export class JoiningProof implements Admission {
  readonly #parts: JoiningProofParts;
  #exactness: Exactness;

  constructor(parts: JoiningProofParts) {
    this.#parts = parts;
    this.#exactness = parts.exactness;
  }

  get exactness(): Exactness {
    return this.#exactness;
  }

  judge(session: Session, proof: string): string | null {
    const { mode, observer, step } = this.#parts;
    if (proof !== '' && this.#exactness.proof === '') {
      const setBy = { worker: session.name, engine: session.engine };
      this.#exactness = { ...this.#exactness, proof, setBy };
      observer.proofSet(session, proof);
      return null;
    }
    if (proof !== '' && proof === this.#exactness.proof) return null;
    const difference = this.#difference(session, proof);
    if (mode === 'off') {
      const since = this.#exactness.notExactSince ?? step();
      this.#exactness = { ...this.#exactness, notExactSince: since };
      const message =
        `worker ${session.name} is admitted by --exact off: ${difference}; ` +
        `the run is not exact since step ${since}`;
      observer.admittedInexact(session, proof, message);
      return null;
    }
    const reason = `${difference}; it gets no work, since the run is to be exact: --exact off admits it`;
    observer.workerParked(session, proof, `worker ${session.name} is parked: ${reason}`);
    return reason;
  }

  refused(session: Session, reason: string): void {
    this.#parts.observer.workerRefused(session, reason);
  }

  left(session: Session): void {
    this.#parts.observer.idleLeft(session);
  }

  /** What is other about this worker, with both kinds. */
  #difference(session: Session, proof: string): string {
    const { setBy } = this.#exactness;
    const own = kindOf(session.engine);
    if (proof === '') return `it gives no joining proof, as a release before this one (${own})`;
    if (setBy === null) return `its joining proof is another than the run's (${own})`;
    return (
      `its joining proof is another than that of ${setBy.worker}, which the run began with: ` +
      `${session.name} is ${own}; ${setBy.worker} is ${kindOf(setBy.engine)}; ` +
      differenceOf(session, { name: setBy.worker, engine: setBy.engine })
    );
  }
}

/** `TensorFlow 2.21.0, cpu, AMD EPYC 9254, avx2 avx512f`. */
function kindOf(engine: EngineDescriptionMessage | null): string {
  if (engine === null) return 'of an unknown kind';
  const { tensorflow, device, model, features } = engine;
  return [`TensorFlow ${tensorflow}`, device, model, features.join(' ')].filter(Boolean).join(', ');
}

interface Named {
  readonly name: string;
  readonly engine: EngineDescriptionMessage | null;
}

/** In what two kinds differ, as far as they say. */
function differenceOf(one: Named, other: Named): string {
  if (one.engine === null || other.engine === null) return 'in what they differ is not known';
  const [a, b] = [one.engine, other.engine];
  const keys = (['tensorflow', 'device', 'model'] as const).filter((key) => a[key] !== b[key]);
  const only = (mine: Named, theirs: Named): string[] => {
    const missing = mine.engine!.features.filter((feature) => !theirs.engine!.features.includes(feature));
    return missing.length === 0 ? [] : [`only ${mine.name} has ${missing.join(' ')}`];
  };
  const features = [...only(one, other), ...only(other, one)];
  const said = [...keys.map((key) => NAMES[key]), ...features];
  return said.length === 0
    ? 'they say the same of themselves, so a setting of their engines or their release of Node differs'
    : `they differ: ${said.join(', ')}`;
}

const NAMES = { tensorflow: 'version of TensorFlow', device: 'device', model: 'model' } as const;
