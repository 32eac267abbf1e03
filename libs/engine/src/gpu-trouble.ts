import { EngineDeviceError } from './errors.js';
import { engineLibraries, locateBinding, type EngineLibraries } from './location.js';
import { gpuHindrance, readNvidia, type Nvidia } from './nvidia.js';

/**
 * Why TensorFlow, once loaded, computes on the processor and not on a card: one line with what to do.
 * @param environment in which it was loaded.
 */
export function gpuTrouble(
  environment: NodeJS.ProcessEnv,
  libraries: EngineLibraries,
  nvidia: Nvidia = readNvidia(environment),
): string {
  return (
    foreseenTrouble(environment, libraries, nvidia) ??
    `TensorFlow takes no card, though driver, cards and CUDA's libraries are there; ` +
      'TF_CPP_MIN_LOG_LEVEL=0 makes it say why, or use --device cpu'
  );
}

/**
 * For device `auto`, where a card is there: why it will not be used, as far as can be seen without loading TensorFlow; null where
 * there is none, or where it can be used.
 * @throws {EngineNotFoundError} there is no engine.
 */
export function idleCardLine(environment: NodeJS.ProcessEnv): string | null {
  const nvidia = readNvidia(environment);
  if (nvidia.driver === null && nvidia.cards.length === 0) return null;
  const trouble = foreseenTrouble(environment, engineLibraries(locateBinding(environment)), nvidia);
  return trouble === null ? null : `computing on the processor: ${trouble}`;
}

/**
 * For device `gpu`: looks before anything is made whether a card will be used, as far as that can be seen without loading
 * TensorFlow.
 * @throws {EngineDeviceError} it will not. @throws {EngineNotFoundError} there is no engine.
 */
export function demandCard(environment: NodeJS.ProcessEnv): void {
  const libraries = engineLibraries(locateBinding(environment));
  const trouble = foreseenTrouble(environment, libraries, readNvidia(environment));
  if (trouble !== null) throw new EngineDeviceError(trouble);
}

function foreseenTrouble(
  environment: NodeJS.ProcessEnv,
  { folder, forCards, missing }: EngineLibraries,
  nvidia: Nvidia,
): string | null {
  const hindrance = gpuHindrance(environment, nvidia);
  if (hindrance !== null) return hindrance;
  if (!forCards) {
    return (
      `the engine in ${folder} is the processor's; ` +
      './rocinante fetches the one for GPUs with --device gpu, and a bundle made with --gpu has it'
    );
  }
  if (missing.length === 0) return null;
  return (
    `CUDA library not found: expected ${missing.join(', ')} in ${folder}; ` +
    'remove the folder, and ./rocinante with --device gpu sets it up again'
  );
}
