// Original file: protos/rocinante/training/v1/training.proto

import type { EngineDescription as _rocinante_training_v1_EngineDescription, EngineDescription__Output as _rocinante_training_v1_EngineDescription__Output } from '../../../rocinante/training/v1/EngineDescription.js';

export interface Hello {
  'protocolMin'?: (number);
  'protocolMax'?: (number);
  'name'?: (string);
  'engine'?: (_rocinante_training_v1_EngineDescription | null);
  'threads'?: (number);
  'pool'?: (string);
  'httpAddress'?: (string);
}

export interface Hello__Output {
  'protocolMin': (number);
  'protocolMax': (number);
  'name': (string);
  'engine': (_rocinante_training_v1_EngineDescription__Output | null);
  'threads': (number);
  'pool': (string);
  'httpAddress': (string);
}
