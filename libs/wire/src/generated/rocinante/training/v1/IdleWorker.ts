// Original file: protos/rocinante/training/v1/runs.proto


export interface IdleWorker {
  'name'?: (string);
  'threads'?: (number);
  'device'?: (string);
  'model'?: (string);
  'standing'?: (string);
  'reason'?: (string);
  'joinedAt'?: (string);
  'lstm'?: (string);
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
}
