import { isName, limits, NAME_EXPECTED, WireError, type EngineDescriptionMessage } from '@rocinante/wire';

/** @throws {WireError} MALFORMED: a name that logs, metrics and addresses cannot carry. */
export function checkName(what: string, name: string): void {
  if (isName(name)) return;
  const received = JSON.stringify(name.slice(0, limits.NAME_LENGTH_MAX));
  throw new WireError('MALFORMED', `${what}: expected ${NAME_EXPECTED}, received ${received}`);
}

/**
 * What a worker says of its engine goes into logs and records each time it joins.
 * @throws {WireError} MALFORMED: a text of it is longer than ENGINE_TEXT_LENGTH_MAX, or there are more than ENGINE_FEATURES_MAX.
 */
export function checkEngine(worker: string, engine: EngineDescriptionMessage | null): void {
  if (engine === null) return;
  const { tensorflow, device, model, features } = engine;
  const { ENGINE_FEATURES_MAX, ENGINE_TEXT_LENGTH_MAX } = limits;
  const refuse = (what: string, unit: string, most: number, received: number): never => {
    throw new WireError(
      'MALFORMED',
      `engine of worker ${worker}: ${what}: expected at most ${most} ${unit}, received ${received}`,
    );
  };
  if (features.length > ENGINE_FEATURES_MAX)
    refuse('features', 'of them', ENGINE_FEATURES_MAX, features.length);
  const texts = Object.entries({ tensorflow, device, model });
  for (const [what, text] of [...texts, ...features.map((feature) => ['a feature', feature] as const)]) {
    if (text.length > ENGINE_TEXT_LENGTH_MAX) refuse(what, 'characters', ENGINE_TEXT_LENGTH_MAX, text.length);
  }
}
