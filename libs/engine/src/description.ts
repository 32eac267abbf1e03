import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

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
  readonly processor: string;
  /** Instruction sets and cache sizes: kernels and the blocks they cut matrices into follow from these. */
  readonly features: readonly string[];
  readonly threads: number;
}

/** Describes this machine and the loaded library. What cannot be read is left out. */
export function describeEngine(
  tensorflowVersion: string,
  device: 'cpu' | 'gpu',
  threads: number,
): EngineDescription {
  return {
    tensorflowVersion,
    device,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    features: [...instructionSets(), ...cacheSizes()],
    threads,
  };
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
