export { checksumsDigest, digestOf, stateHashes } from './digests.js';
export { LedgerDamagedError } from './errors.js';
export { findEnd, type LedgerEnd } from './ledger-end.js';
export { LedgerFile } from './ledger-file.js';
export { ledgerLines, type LedgerLine } from './ledger-lines.js';
export { LedgerOrder, placeOf, stepsPerEpoch } from './ledger-order.js';
export { decodeLine, encodeLine, NO_LINE, type WholeLine } from './line.js';
export {
  LEDGER_FORMAT,
  LEDGER_VERSION,
  type BegunRecord,
  type LedgerRecord,
  type RecordOf,
  type StateHashes,
  type StepRecord,
} from './record.js';
export { spansOf } from './spans.js';
export { appendWhole } from './whole-append.js';
