// Original file: protos/rocinante/training/v1/runs.proto


export interface ListRequest {
  'tag'?: (string);
}

export interface ListRequest__Output {
  'tag': (string);
}
