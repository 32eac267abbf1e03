import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  chooseCards,
  demandCard,
  engineLibraries,
  locateBinding,
  readNvidia,
  type ChosenCard,
} from '@rocinante/engine';
import { projectRoot as root } from '../../support/project-root.js';
import type { CardOptions } from './options.js';

/**
 * The kernels that a driver compiles for a card are kept on the disk, so that each process does not compile them again; 1 GiB by
 * default, which TensorFlow's and PyTorch's together may exceed.
 */
const COMPILED_KERNELS_BYTES = 4 * 2 ** 30;

/** Where it is measured. */
export interface Machine {
  /** Null where the processor computes. */
  readonly card: ChosenCard | null;
  /** For the report. */
  readonly facts: Record<string, string | null>;
  /** What the files are called. */
  readonly name: string;
}

/** Of deploy/setup, which is JavaScript: `setUpFor` of launch.mjs, with its four arguments. */
interface Launcher {
  readonly setUpFor: (
    places: object,
    engineFrom: string | undefined,
    argv: string[],
    need: { readonly asksForHelp: boolean; readonly isNeeded: () => Promise<boolean> },
  ) => Promise<string[]>;
}

interface Places {
  readonly placesOf: (root: string, env: NodeJS.ProcessEnv) => object;
}

/**
 * Chooses the card and sets up the engine for it, as the launcher does, for all processes that this one starts: by its
 * environment.
 * @throws {Error} one line: no card, no driver, no engine.
 */
export async function prepareMachine(options: CardOptions): Promise<Machine> {
  const isOnCard = options.device === 'gpu';
  const card = isOnCard ? chosenCard(options.card) : undefined;
  if (card !== undefined) {
    process.env.CUDA_VISIBLE_DEVICES = card.device;
    process.env.CUDA_DEVICE_ORDER = 'PCI_BUS_ID';
    process.env.CUDA_CACHE_MAXSIZE ??= String(COMPILED_KERNELS_BYTES);
    const [launcher, { placesOf }] = (await Promise.all(
      ['launch', 'places'].map(
        (name) => import(pathToFileURL(join(root, 'deploy', 'setup', `${name}.mjs`)).href) as Promise<object>,
      ),
    )) as [Launcher, Places];
    const from = process.env.ROCINANTE_ENGINE_FROM || undefined;
    await launcher.setUpFor(placesOf(root, process.env), from, ['worker', '--device', 'gpu'], {
      asksForHelp: false,
      isNeeded: () => Promise.resolve(true),
    });
    // Where ROCINANTE_ENGINE_DIR names an engine, nobody has looked yet.
    demandCard(process.env);
  }
  return { card: card ?? null, ...factsOf(options, card) };
}

/** @param word as `--gpus` takes it; null for the first. */
function chosenCard(word: string | null): ChosenCard {
  try {
    return chooseCards(word === null ? 'all' : [word], process.env)[0];
  } catch (error) {
    throw new Error((error as Error).message.replace(/^--gpus/, word === null ? '--device gpu' : '--card'), {
      cause: error,
    });
  }
}

function factsOf(options: CardOptions, card: ChosenCard | undefined): Pick<Machine, 'facts' | 'name'> {
  const { cuda, cudnn } = engineLibraries(locateBinding(process.env));
  const { driver, cards } = card === undefined ? { driver: null, cards: [] } : readNvidia(process.env);
  const model = cards.find(({ index }) => index === card?.index)?.name ?? card?.shown ?? null;
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const commit = options.commit ?? commitHere();
  return {
    name: (model ?? processor)
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, ''),
    facts: {
      ...(card === undefined ? { 'computed on': 'the processor: nothing here is of a card' } : {}),
      ...(options.isSmall ? { size: 'a small network, to try the measurement: no figure of a run' } : {}),
      card: model,
      driver,
      // What is loaded in the end, the fact `engine` says.
      'engine’s own libraries': card === undefined ? null : `CUDA ${cuda}, cuDNN ${cudnn}`,
      TensorFlow: null,
      PyTorch: null,
      processor: `${cpus().length} cores: ${processor}`,
      'Node.js': process.versions.node,
      date: new Date().toISOString().slice(0, 16),
      commit,
      command: ['npm run -s benchmark:card --', ...process.argv.slice(2)].join(' '),
    },
  };
}

/** Null where it is no repository, such as a copy of one. `+` is for changes that are not committed. */
function commitHere(): string | null {
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', root, ...words], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '-uno') === '' ? '' : '+');
  } catch {
    return null;
  }
}
