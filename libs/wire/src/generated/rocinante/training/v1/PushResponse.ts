// Original file: protos/rocinante/training/v1/runs.proto


export interface PushResponse {
  'sha256'?: (string);
  'known'?: (boolean);
}

export interface PushResponse__Output {
  'sha256': (string);
  'known': (boolean);
}
