// Original file: protos/rocinante/training/v1/runs.proto


export interface WorkerShare {
  'name'?: (string);
  'threads'?: (number);
  'device'?: (string);
  'model'?: (string);
  'microBatches'?: (number);
  'microBatchesPerSecond'?: (number | string);
  'joinedAt'?: (string);
  'lstm'?: (string);
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
  '_microBatchesPerSecond'?: "microBatchesPerSecond";
}
