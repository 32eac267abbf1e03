// Original file: protos/rocinante/training/v1/training.proto


export interface EndRun {
  'run'?: (string);
  'reason'?: (string);
}

export interface EndRun__Output {
  'run': (string);
  'reason': (string);
}
