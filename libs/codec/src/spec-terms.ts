/** For specs: the grids by their codecs, of M micro-batches a step. */
import type { GridTerms } from './grid.js';

export const int32 = (microBatches: number): GridTerms => ({ codec: 'int32-grid', microBatches });

export const int16 = (microBatches: number): GridTerms => ({ codec: 'int16-grid', microBatches });
