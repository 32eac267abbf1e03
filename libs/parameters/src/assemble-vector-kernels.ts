import { readFileSync } from 'node:fs';
import wabt from 'wabt';

/** The kernels' binary from their text, in base64: what stands in `vector-kernels-binary.ts`, by which no user needs an assembler. */
export async function assembleVectorKernels(): Promise<string> {
  const file = new URL('../src/vector-kernels.wat', import.meta.url);
  const assembler = await wabt();
  const module = assembler.parseWat('vector-kernels.wat', readFileSync(file, 'utf8'), {
    simd: true,
    threads: true,
  });
  return Buffer.from(module.toBinary({}).buffer).toString('base64');
}
