// Original file: protos/rocinante/training/v1/training.proto


export interface ParametersRequest {
  'session'?: (string);
}

export interface ParametersRequest__Output {
  'session': (string);
}
