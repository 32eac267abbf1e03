import type { Need, Role } from '@rocinante/access';
import type { RunsDefinition } from './generated/rocinante/training/v1/Runs.js';
import type { TrainingDefinition } from './generated/rocinante/training/v1/Training.js';
import { runsService, trainingService } from './proto.js';

/** The names of a service's methods as the proto has them: the generated type also lets any other name through. */
type MethodOf<Definition> = keyof {
  [Name in keyof Definition as string extends Name ? never : number extends Name ? never : Name]: true;
};

/** Whose token each method asks for. A method of the protos that has no row here does not compile. */
const trainingNeeds: Readonly<Record<MethodOf<TrainingDefinition>, Role>> = {
  Work: 'worker',
  Contribute: 'worker',
  Parameters: 'worker',
  Corpus: 'worker',
};

const runsNeeds: Readonly<Record<MethodOf<RunsDefinition>, Role>> = {
  Have: 'reader',
  List: 'reader',
  Show: 'reader',
  Losses: 'reader',
  Digests: 'reader',
  Watch: 'reader',
  Logs: 'reader',
  Push: 'operator',
  Start: 'operator',
  Stop: 'operator',
  Resume: 'operator',
  Remove: 'operator',
  Weights: 'operator',
};

/** Probes have no token, and health says nothing but whether it serves. */
const OPEN_SERVICE = '/grpc.health.v1.Health/';

const needs = new Map<string, Role>([
  ...Object.entries(trainingNeeds).map(([name, need]) => [trainingService[name].path, need] as const),
  ...Object.entries(runsNeeds).map(([name, need]) => [runsService[name].path, need] as const),
]);

/**
 * What a call asks of whoever makes it.
 * @param path `/package.Service/Method`.
 * @returns null for a method that has no row: nobody may call it.
 */
export function needOf(path: string): Need | null {
  return path.startsWith(OPEN_SERVICE) ? 'open' : (needs.get(path) ?? null);
}

/** The paths of all methods of the protos, as they are loaded. */
export const methodPaths: readonly string[] = [trainingService, runsService].flatMap((service) =>
  Object.values(service).map(({ path }) => path),
);
