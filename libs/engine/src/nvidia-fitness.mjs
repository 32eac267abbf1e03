// @ts-check
import { readNvidia, visibleCards } from './nvidia-cards.mjs';

/** @typedef {import('./nvidia.js').Card} Card */
/** @typedef {import('./nvidia.js').Nvidia} Nvidia */

/**
 * What the engine for GPUs asks of driver and card. They follow from the wheels that deploy/setup/engine-pin.json pins, and
 * are looked at again whenever it is renewed.
 */
export const gpuNeeds = {
  /** For CUDA 12.x: NVIDIA's CUDA Toolkit Release Notes, "Minimum Required Driver Version for CUDA Minor Version Compatibility". */
  driver: '525.60.13',
  /** The least that TensorFlow 2.21 has kernels for: sm_60, sm_70, sm_80, sm_89 and compute_90, by the wheel's build_info.py. */
  capability: '6.0',
  /**
   * From here on the small kernels that TensorFlow generates are PTX alone, by the compiler of CUDA 12.5, and a driver compiles that which
   * is not older than it. Of the wheel's 1,398 modules 1,149 are such; the others, all the large ones, have machine code for sm_90 too.
   */
  ptxCapability: '9.0',
  /** The driver of CUDA 12.5, by the same release notes, "CUDA Toolkit and Corresponding Driver Versions". */
  ptxDriver: '555.42.02',
  /** The least that cuDNN 9.28 for CUDA 12 has kernels for: those in its libcudnn_adv.so.9 (recurrent layers) and libcudnn_ops.so.9. */
  cudnnCapability: '7.5',
  /** The newest cards that the PTX is known to serve: on later ones single kernels are reported to fail (tensorflow#101746, #99592). */
  provenCapability: '9.0',
};

/**
 * What of driver or cards keeps the engine from computing on a GPU, in one line with what to do.
 * @param {NodeJS.ProcessEnv} env as for `readNvidia`, and CUDA_VISIBLE_DEVICES.
 * @param {Nvidia} [nvidia] what there is, where it was read already.
 * @returns {string | null} null where nothing does, as far as one can see without trying.
 */
export function gpuHindrance(env, nvidia = readNvidia(env)) {
  const { driver, cards, trouble } = nvidia;
  if (driver === null && cards.length === 0) {
    return `no NVIDIA driver: expected ${gpuNeeds.driver} or newer, found none${said(trouble)}; install it, or use --device cpu`;
  }
  if (cards.length === 0) {
    return (
      `no card: driver ${driver} is there, and shows no card here${said(trouble)}; ` +
      'look at nvidia-smi, in a container give it the cards (docker run --gpus all), or use --device cpu'
    );
  }
  const visible = visibleCards(cards, env.CUDA_VISIBLE_DEVICES);
  if (visible.length === 0) {
    return (
      `no card: CUDA_VISIBLE_DEVICES=${env.CUDA_VISIBLE_DEVICES} shows none of the ${cards.length} here; ` +
      'name one of them, or use --device cpu'
    );
  }
  const computing = visible.find(isFit);
  if (computing === undefined) {
    return (
      `card too old: expected compute capability ${gpuNeeds.capability} or more, ` +
      `found ${visible.map(shown).join(', ')}; use another card, or --device cpu`
    );
  }
  const needed = isBelow(computing.capability ?? '0', gpuNeeds.ptxCapability)
    ? gpuNeeds.driver
    : gpuNeeds.ptxDriver;
  if (isBelow(driver, needed)) {
    return (
      `driver too old: expected ${needed} or newer for ${shown(computing)}, found ${driver}; ` +
      'renew the driver, or use --device cpu'
    );
  }
  return null;
}

/**
 * The card on which a process computes that is given no other: the first of the visible ones that the engine can use.
 * @param {readonly Card[]} visible
 * @returns {Card[]} none where none can be used.
 */
export function computingCard(visible) {
  return visible.filter(isFit).slice(0, 1);
}

/**
 * What CUDA_VISIBLE_DEVICES is to say so that CUDA shows one card alone: the first of the visible ones that the engine can use.
 *
 * Of several, the binding puts tensors on the last one, while ops run on the first.
 * @param {NodeJS.ProcessEnv} env as for `gpuHindrance`.
 * @param {Nvidia} [nvidia] what there is, where it was read already; it is not read where one card is named.
 * @returns {string | null} null where there is nothing to narrow: one is visible, or none that is known.
 */
export function soleCard(env, nvidia) {
  const { CUDA_VISIBLE_DEVICES: visible } = env;
  if (visible !== undefined && !visible.includes(',')) return null;
  const cards = visibleCards((nvidia ?? readNvidia(env)).cards, visible);
  if (cards.length < 2) return null;
  const fit = cards.findIndex(isFit);
  if (fit < 0) return null;
  const word = visible?.split(',')[fit].trim();
  if (word?.startsWith('MIG-')) return word;
  const { uuid, index } = cards[fit];
  return uuid.startsWith('GPU-') ? uuid : String(index);
}

/**
 * What of a card is to be known though it may serve, in one line; null where nothing is.
 * @param {readonly Card[]} cards those that are computed on.
 * @returns {string | null}
 */
export function gpuDoubt(cards) {
  const early = cards.find((card) => !servesCudnn(card));
  if (early !== undefined) {
    return `${shown(early)}: cuDNN has kernels for compute capability ${gpuNeeds.cudnnCapability} and above only, and is done without`;
  }
  const late = cards.find(
    ({ capability }) => capability !== null && isBelow(gpuNeeds.provenCapability, capability),
  );
  if (late === undefined) return null;
  return (
    `${shown(late)}: TensorFlow's kernels are compiled for ${gpuNeeds.provenCapability} and below, and single ones are reported ` +
    'to fail on later cards (tensorflow#101746); --device cpu does without it'
  );
}

/**
 * Whether cuDNN has kernels for a card, as far as one knows.
 * @param {Card} card
 */
export function servesCudnn({ capability }) {
  return !isBelow(capability, gpuNeeds.cudnnCapability);
}

/**
 * Whether TensorFlow has kernels for a card, as far as one knows.
 * @param {Card} card
 */
function isFit({ capability }) {
  return !isBelow(capability, gpuNeeds.capability);
}

/**
 * Whether a version is lower than another, number by number; one that is not known is not.
 * @param {string | null} version such as `550.54.15`.
 * @param {string} other
 */
function isBelow(version, other) {
  if (version === null || !/^\d+(\.\d+)*$/.test(version)) return false;
  const [own, others] = [version, other].map((text) => text.split('.').map(Number));
  const differing = others.findIndex((number, place) => number !== (own[place] ?? 0));
  return differing >= 0 && (own[differing] ?? 0) < others[differing];
}

/** @param {Card} card */
function shown({ index, name, capability }) {
  return `card ${index} (${name}${capability === null ? '' : `, compute capability ${capability}`})`;
}

/** @param {string | null} trouble */
function said(trouble) {
  return trouble === null ? '' : ` (nvidia-smi: ${trouble})`;
}
