// Original file: protos/rocinante/training/v1/training.proto


export interface LogLines {
  'json'?: (string)[];
}

export interface LogLines__Output {
  'json': (string)[];
}
