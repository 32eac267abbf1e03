// Original file: protos/rocinante/training/v1/runs.proto

import type { WorkerCard as _rocinante_training_v1_WorkerCard, WorkerCard__Output as _rocinante_training_v1_WorkerCard__Output } from '../../../rocinante/training/v1/WorkerCard.js';

export interface IdleWorker {
  'name'?: (string);
  'threads'?: (number);
  'device'?: (string);
  'model'?: (string);
  'standing'?: (string);
  'reason'?: (string);
  'joinedAt'?: (string);
  'lstm'?: (string);
  'card'?: (_rocinante_training_v1_WorkerCard | null);
}

export interface IdleWorker__Output {
  'name': (string);
  'threads': (number);
  'device': (string);
  'model': (string);
  'standing': (string);
  'reason': (string);
  'joinedAt': (string);
  'lstm': (string);
  'card': (_rocinante_training_v1_WorkerCard__Output | null);
}
