import type { Command } from 'commander';
import { textPieces } from '@rocinante/corpus';
import { contentOfBytes } from '../client/content.js';
import { sendMissing } from '../client/run-order.js';
import { readCorpus } from '../corpus/corpus-file.js';
import { TransferProgress } from '../display/transfer-progress.js';
import { coordinatorOption, print, withCoordinator, type ClientFlags } from './coordinator-option.js';
import { jsonOption } from './option-values.js';

export function addCorpusPush(corpus: Command): void {
  corpus
    .command('push')
    .description('send a text to a coordinator, where it is missing, and say its SHA-256')
    .argument('<text>', 'a text file, bundled or quijote')
    .addOption(coordinatorOption())
    .addOption(jsonOption())
    .action(push);
}

async function push(name: string, flags: ClientFlags): Promise<void> {
  const { bytes } = await readCorpus(name, process.env);
  const content = contentOfBytes(`corpus ${name}`, bytes);
  checkUtf8(bytes, content.subject);
  await withCoordinator(
    flags,
    async (coordinator) => {
      const { known } = await sendMissing(
        coordinator,
        [content],
        ({ subject }) => new TransferProgress(`sending ${subject}`, bytes.length),
      );
      const isKnown = known.length > 0;
      process.stderr.write(`${content.subject}: ${isKnown ? 'is there already' : 'sent'}\n`);
      print(flags.json, { sha256: content.sha256, bytes: content.bytes, known: isKnown }, content.sha256);
    },
    'operator',
  );
}

/** @throws {NotUtf8Error} */
function checkUtf8(bytes: Uint8Array, subject: string): void {
  const pieces = textPieces(bytes, subject)[Symbol.iterator]();
  while (!pieces.next().done);
}
