import { RocinanteError, systemTrouble } from '@rocinante/base';

/** A checkpoint that loading passed over, and why, in one line. */
export interface PassedOver {
  readonly name: string;
  readonly reason: string;
}

/**
 * A file that is not the checkpoint that was written: cut, with a byte changed, of another program or a later release.
 * Possible causes: a full or failing disk, a copy that was cut, another file under a checkpoint's name.
 */
export class DamagedCheckpointError extends RocinanteError {
  /** The checkpoint's name. */
  readonly subject: string;
  /** What is wrong with it, without the name. */
  readonly reason: string;

  constructor(subject: string, reason: string, options?: ErrorOptions) {
    super('CHECKPOINT_DAMAGED', 1, `${subject}: ${reason}`, options);
    this.subject = subject;
    this.reason = reason;
  }
}

/**
 * A checkpoint that cannot be read now, which says nothing of what is in it: nobody takes it for damaged, or passes it over, and
 * retention removes it only where it is older than the best. Possible causes: permissions, a disk or a mount that fails, too many open files, too little memory.
 */
export class UnreadableCheckpointError extends RocinanteError {
  /** The checkpoint's name. */
  readonly subject: string;
  /** What hindered the reading, without the name. */
  readonly reason: string;

  constructor(subject: string, reason: string, options?: ErrorOptions) {
    super(
      'CHECKPOINT_UNREADABLE',
      1,
      `${subject}: expected to read it, but ${reason}; nothing was removed: try again once that is mended, or move it ` +
        'elsewhere to go on from the one before',
      options,
    );
    this.subject = subject;
    this.reason = reason;
  }
}

/** There is no checkpoint to go on from: the place holds none, or only damaged ones. */
export class NoGoodCheckpointError extends RocinanteError {
  readonly place: string;
  readonly passedOver: readonly PassedOver[];

  constructor(place: string, passedOver: readonly PassedOver[]) {
    const found =
      passedOver.length === 0
        ? 'none'
        : passedOver.map(({ name, reason }) => `${name} (${reason})`).join(', ');
    super('CHECKPOINT_NONE_GOOD', 1, `${place}: expected a good checkpoint, received ${found}`);
    this.place = place;
    this.passedOver = passedOver;
  }
}

/**
 * A checkpoint could not be written. What was there before is still there. `full` says that the disk is full, which
 * is the commonest cause; others are a directory that was removed, a quota, permissions.
 */
export class CheckpointWriteError extends RocinanteError {
  readonly path: string;
  readonly full: boolean;

  constructor(path: string, cause: unknown) {
    const { code } = cause as NodeJS.ErrnoException;
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    const reason = systemTrouble(cause, path);
    const todo = full ? 'resume the run once there is room' : 'resume the run once that is mended';
    super(
      'CHECKPOINT_NOT_WRITTEN',
      1,
      `${path}: expected to write a checkpoint, but ${reason}; the checkpoints before it are intact: ${todo}`,
      { cause },
    );
    this.path = path;
    this.full = full;
  }
}

/** The state holds a number that is not finite. It is not saved, so that it never replaces a good checkpoint. */
export class NonFiniteCheckpointError extends RocinanteError {
  readonly step: number;
  /** The name of what holds it, such as `adam/v/lstm_1/kernel`. */
  readonly subject: string;

  constructor(step: number, subject: string) {
    super(
      'CHECKPOINT_NOT_FINITE',
      1,
      `checkpoint of step ${step}: expected finite numbers, received others in ${subject}; it is not saved`,
    );
    this.step = step;
    this.subject = subject;
  }
}
