export { firstValues } from './first-values.js';
export { LSTM_CHOICES, type LstmChoice } from './lstm-choice.js';
export {
  networkLayout,
  networkTensors,
  type InputKind,
  type LossKind,
  type LstmLayerSpec,
  type NetworkSpec,
  type RecurrentActivation,
} from './network.js';
