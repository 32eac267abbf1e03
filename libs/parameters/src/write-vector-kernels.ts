import { writeFileSync } from 'node:fs';
import { assembleVectorKernels } from './assemble-vector-kernels.js';

/** Writes the kernels' binary anew: `npm run kernels`. */
const lines = (await assembleVectorKernels()).match(/.{1,104}/g)!;
const text = [
  '/** `vector-kernels.wat`, assembled, in base64. Written by `npm run kernels`. */',
  `export const VECTOR_KERNELS =\n  ${lines.map((line) => `'${line}'`).join(' +\n  ')};`,
].join('\n');
writeFileSync(new URL('../src/vector-kernels-binary.ts', import.meta.url), `${text}\n`);
