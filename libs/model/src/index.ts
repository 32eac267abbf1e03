export { firstValues } from './first-values.js';
export {
  inputSize,
  networkLayout,
  networkTensors,
  type InputKind,
  type LossKind,
  type LstmLayerSpec,
  type NetworkSpec,
  type RecurrentActivation,
} from './network.js';
