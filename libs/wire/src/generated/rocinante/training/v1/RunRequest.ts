// Original file: protos/rocinante/training/v1/runs.proto


export interface RunRequest {
  'run'?: (string);
}

export interface RunRequest__Output {
  'run': (string);
}
