// Original file: protos/rocinante/training/v1/training.proto


export interface EngineDescription {
  'tensorflow'?: (string);
  'device'?: (string);
  'model'?: (string);
  'features'?: (string)[];
}

export interface EngineDescription__Output {
  'tensorflow': (string);
  'device': (string);
  'model': (string);
  'features': (string)[];
}
