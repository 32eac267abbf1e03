// Original file: protos/rocinante/training/v1/runs.proto


export interface HaveResponse {
  'sha256'?: (string)[];
}

export interface HaveResponse__Output {
  'sha256': (string)[];
}
