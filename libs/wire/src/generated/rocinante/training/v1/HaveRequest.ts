// Original file: protos/rocinante/training/v1/runs.proto


export interface HaveRequest {
  'sha256'?: (string)[];
}

export interface HaveRequest__Output {
  'sha256': (string)[];
}
