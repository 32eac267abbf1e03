// Original file: protos/rocinante/training/v1/runs.proto

import type { WorkerCard as _rocinante_training_v1_WorkerCard, WorkerCard__Output as _rocinante_training_v1_WorkerCard__Output } from '../../../rocinante/training/v1/WorkerCard.js';

export interface WorkerShare {
  'name'?: (string);
  'threads'?: (number);
  'device'?: (string);
  'model'?: (string);
  'microBatches'?: (number);
  'microBatchesPerSecond'?: (number | string);
  'joinedAt'?: (string);
  'lstm'?: (string);
  'card'?: (_rocinante_training_v1_WorkerCard | null);
  '_microBatchesPerSecond'?: "microBatchesPerSecond";
}

export interface WorkerShare__Output {
  'name': (string);
  'threads': (number);
  'device': (string);
  'model': (string);
  'microBatches': (number);
  'microBatchesPerSecond'?: (number);
  'joinedAt': (string);
  'lstm': (string);
  'card': (_rocinante_training_v1_WorkerCard__Output | null);
  '_microBatchesPerSecond'?: "microBatchesPerSecond";
}
