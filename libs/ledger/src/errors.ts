import { RocinanteError } from '@rocinante/base';

/**
 * A ledger that is not the chain that was written. Possible causes: a failing disk, an edited, cut or mixed copy, a line
 * that was taken out.
 */
export class LedgerDamagedError extends RocinanteError {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  /** What is wrong, without the place. */
  readonly reason: string;

  constructor(path: string, line: number, reason: string) {
    super(
      'LEDGER_DAMAGED',
      1,
      `${path}, line ${line}: ${reason}; restore the file from a copy, or move it away and resume: ` +
        'a new ledger then begins at the checkpoint',
    );
    this.path = path;
    this.line = line;
    this.reason = reason;
  }
}
