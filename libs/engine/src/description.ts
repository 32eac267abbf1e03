import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename } from 'node:path';
import type { EngineLibraries } from './location.js';
import { readNvidia, visibleCards } from './nvidia.js';

/** Instruction sets that choose among TensorFlow's kernels, as Linux names them. */
const DECISIVE_FEATURES = [
  'sse4_2',
  'avx',
  'avx2',
  'fma',
  'avx_vnni',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'avx512_fp16',
  'amx_tile',
];

/** What the engine is, as far as it decides the bits of a result. */
export interface EngineDescription {
  readonly tensorflowVersion: string;
  readonly device: 'cpu' | 'gpu';
  /** The model of the processor, or of the card that it computes on. */
  readonly model: string;
  /**
   * What chooses among kernels. Of a processor instruction sets and cache sizes, from which the blocks follow that matrices are
   * cut into; of a card its compute capability, and the versions of driver, CUDA and cuDNN, such as `cudnn=9.28.0.42`. A library
   * that is not the engine's own stands there by its path.
   */
  readonly features: readonly string[];
  /**
   * Whether it has instructions for products of bfloat16 factors: AVX512-BF16, or compute capability 8.0 and more. Null for a card
   * whose compute capability nobody says.
   */
  readonly multipliesBfloat16: boolean | null;
  readonly threads: number;
}

/** Describes this processor and the loaded library. What cannot be read is left out. */
export function describeProcessor(tensorflowVersion: string, threads: number): EngineDescription {
  const sets = instructionSets();
  return {
    tensorflowVersion,
    device: 'cpu',
    model: cpus()[0]?.model.trim() ?? 'unknown',
    features: [...sets, ...cacheSizes()],
    multipliesBfloat16: sets.includes('avx512_bf16'),
    threads,
  };
}

/** What decides a card's bits beside the card. */
export interface CardSetting {
  readonly threads: number;
  readonly tf32: boolean;
  readonly libraries: Pick<EngineLibraries, 'cuda' | 'cudnn'>;
  /** Paths of CUDA's libraries that are in use and not the engine's. */
  readonly foreign: readonly string[];
  /** In which it was loaded. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Describes the card that TensorFlow computes on, which is the first that it sees. What cannot be read is left out. */
export function describeCard(
  tensorflowVersion: string,
  { threads, tf32, libraries, foreign, environment }: CardSetting,
): EngineDescription {
  const { driver, cards } = readNvidia(environment);
  const [card] = visibleCards(cards, environment['CUDA_VISIBLE_DEVICES']);
  const capability = card?.capability ?? null;
  const strange = foreign.map((path) => [nameOf(path), path] as const);
  const isStrange = (name: string): boolean => strange.some(([other]) => other === name);
  const facts = [
    ['compute-capability', capability],
    ['driver', driver],
    ['cuda', isStrange('cuda') ? null : libraries.cuda],
    ['cudnn', isStrange('cudnn') ? null : libraries.cudnn],
    ...strange,
  ] as const;
  const versions = facts.flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
  return {
    tensorflowVersion,
    device: 'gpu',
    model: card?.name ?? 'unknown',
    features: tf32 ? [...versions, 'tf32'] : versions,
    multipliesBfloat16: capability === null ? null : Number(capability) >= 8,
    threads,
  };
}

/** What a library counts as: the runtime is CUDA's, the parts of cuDNN are cuDNN, and others are called as their files are. */
function nameOf(path: string): string {
  const name = basename(path).replace(/\.so.*$/, '');
  if (name === 'libcudart') return 'cuda';
  return name.startsWith('libcudnn') ? 'cudnn' : name.replace(/^lib/, '');
}

function instructionSets(): string[] {
  const flags = /^flags\s*:(.*)$/m.exec(readText('/proc/cpuinfo'))?.[1]?.trim().split(/\s+/) ?? [];
  return DECISIVE_FEATURES.filter((feature) => flags.includes(feature));
}

/** Such as `L1d=32K`; the first processor stands for all. */
function cacheSizes(): string[] {
  const sizes: string[] = [];
  for (let index = 0; index < 4; index++) {
    const folder = `/sys/devices/system/cpu/cpu0/cache/index${index}`;
    const [level, type, size] = ['level', 'type', 'size'].map((name) => readText(`${folder}/${name}`).trim());
    if (!level || !size || type === 'Instruction') continue;
    sizes.push(`L${level}${type === 'Data' ? 'd' : ''}=${size}`);
  }
  return sizes;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
