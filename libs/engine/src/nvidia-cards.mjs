// @ts-check
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

// NVIDIA's driver and cards, as this machine shows them. Plain JavaScript, since the launcher asks before anything is built.

/** @typedef {import('./nvidia.js').Card} Card */
/** @typedef {import('./nvidia.js').Nvidia} Nvidia */

/** How long nvidia-smi may take: without the persistence daemon it wakes every card first. */
const smiTimeoutMs = 20_000;

/**
 * Compute capabilities by model, for where nvidia-smi is not there to ask, or does not say: NVIDIA's list "CUDA GPU Compute Capability", of cards
 * for data centres.
 * @type {readonly (readonly [RegExp, string])[]}
 */
const knownModels = [
  [/\b(GH200|H100|H200|H800|H20)\b/, '9.0'],
  [/\b(L4|L40S?|L20)\b/, '8.9'],
  [/\b(A2|A10G?|A16|A40)\b/, '8.6'],
  [/\b(A30|A100|A800)\b/, '8.0'],
  [/\bT4\b/, '7.5'],
  [/\bV100S?\b/, '7.0'],
  [/\bP100\b/, '6.0'],
];

const smiFields = ['index', 'uuid', 'name', 'compute_cap', 'driver_version'];

/**
 * Reads driver and cards: from nvidia-smi, else from what the kernel's module shows, where compute capabilities follow from models.
 *
 * In a container both may be there without a card: the module's files are the machine's, and only devices in /dev can be used.
 * @param {NodeJS.ProcessEnv} env ROCINANTE_DRIVER_ROOT names the folder in which `proc` and `dev` are looked for; PATH leads to nvidia-smi.
 * @returns {Nvidia}
 */
export function readNvidia(env) {
  const root = env.ROCINANTE_DRIVER_ROOT || '/';
  const { driver, cards } = readModule(join(root, 'proc', 'driver', 'nvidia'));
  const query = [`--query-gpu=${smiFields.join(',')}`, '--format=csv,noheader'];
  const { status, error, stdout, stderr } = spawnSync('nvidia-smi', query, {
    encoding: 'utf8',
    env,
    timeout: smiTimeoutMs,
    killSignal: 'SIGKILL',
  });
  const listed = status === 0 ? cardsOf(stdout) : [];
  if (listed.length > 0)
    return { driver: listed[0].driver, cards: listed.map(({ card }) => card), trouble: null };
  /** @type {string | null} */
  let trouble = firstLine(`${stdout}\n${stderr}`) || null;
  if (error !== undefined) {
    trouble = 'code' in error && error.code === 'ENOENT' ? null : error.message;
  }
  return { driver, cards: hasDevice(join(root, 'dev')) ? cards : [], trouble };
}

/**
 * The cards that CUDA would show to a process, in the order in which it would: TensorFlow computes on the first.
 * @param {readonly Card[]} cards
 * @param {string | undefined} visible CUDA_VISIBLE_DEVICES: numbers or beginnings of UUIDs; absent for all, and what follows an entry that names no card does not count.
 * @returns {Card[]}
 */
export function visibleCards(cards, visible) {
  if (visible === undefined) return [...cards];
  /** @type {Card[]} */
  const chosen = [];
  for (const word of visible.split(',').map((entry) => entry.trim())) {
    const card = cards.find(({ index, uuid }) =>
      // A part of a card (MIG) has a UUID of its own, which the list of cards does not show; all its parts are of one kind.
      /^\d+$/.test(word)
        ? index === Number(word)
        : word.startsWith('MIG-') || (word !== '' && uuid.startsWith(word)),
    );
    if (card === undefined) break;
    chosen.push(card);
  }
  return chosen;
}

/**
 * @param {string} text a line a card, its fields as `smiFields` names them.
 * @returns {{ card: Card, driver: string }[]}
 */
function cardsOf(text) {
  return text
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter(({ length }) => length === smiFields.length)
    .map(([index, uuid, name, capability, driver]) => ({
      card: {
        index: Number(index),
        uuid,
        name,
        capability: /^\d+\.\d+$/.test(capability) ? capability : capabilityOf(name),
      },
      driver,
    }))
    .filter(({ card }) => Number.isInteger(card.index));
}

/**
 * @param {string} folder of the kernel's module, `/proc/driver/nvidia`.
 * @returns {Pick<Nvidia, 'driver' | 'cards'>}
 */
function readModule(folder) {
  const version = textOf(join(folder, 'version'));
  if (version === null) return { driver: null, cards: [] };
  // `Kernel Module  570.26  ...`, and `Open Kernel Module for x86_64  570.26  ...`.
  const driver = /Kernel Module\b[^\n]*?\s(\d+\.\d+(\.\d+)?)\s/.exec(`${version}\n`)?.[1] ?? 'unknown';
  // The folders' names are PCI addresses, so that their order is nvidia-smi's.
  const cards = namesIn(join(folder, 'gpus')).map((address, index) => {
    const text = textOf(join(folder, 'gpus', address, 'information')) ?? '';
    const field = (/** @type {string} */ name) =>
      new RegExp(`^${name}:\\s*(\\S.*?)\\s*$`, 'm').exec(text)?.[1];
    const name = field('Model') ?? address;
    return { index, uuid: field('GPU UUID') ?? address, name, capability: capabilityOf(name) };
  });
  return { driver, cards };
}

/**
 * @param {string} name of a model
 * @returns {string | null}
 */
function capabilityOf(name) {
  return knownModels.find(([model]) => model.test(name))?.[1] ?? null;
}

/** @param {string} folder `/dev` */
function hasDevice(folder) {
  return namesIn(folder).some((name) => /^nvidia\d+$/.test(name));
}

/** @param {string} folder */
function namesIn(folder) {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** @param {string} text */
function firstLine(text) {
  return (
    text
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}
