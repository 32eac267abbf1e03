/** What each target is called, by number: the same order as in index.ts, known without making any of them. */
export const TARGET_NAMES: readonly string[] = [
  'safetensors',
  'weights file',
  'checkpoint',
  'ledger',
  'messages',
  'corpus text',
  'encoded corpus',
  'tokens',
  'certificates and keys',
  'configuration',
  'latest.json',
  'log lines and addresses',
];
