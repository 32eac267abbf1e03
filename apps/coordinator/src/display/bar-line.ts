/** What a bar's line says, in the order in which it stands there. */
export interface BarFields {
  /** From 0 to 1. */
  readonly part: number;
  readonly step: string;
  readonly epoch: string;
  readonly loss: string;
  readonly rate: string;
  /** The time left, or what goes on. */
  readonly left: string;
}

const BAR_WIDTH = 20;
const BAR_WIDTH_MIN = 8;

/** What a line that is too long loses, one after the other: what says most goes last. */
const LEFT_OUT = ['epoch', 'rate', 'loss', 'bar', 'step'] as const;

/** One line of a terminal. The bar becomes shorter first, then whole parts are left out; what goes on, or the time left, stays. */
export function barLine(fields: BarFields, columns: number): string {
  for (let omitted = 0; ; omitted++) {
    const isLeftOut = (name: string): boolean => LEFT_OUT.slice(0, omitted).some((other) => other === name);
    const texts = (['step', 'epoch', 'loss', 'rate', 'left'] as const).filter((name) => !isLeftOut(name));
    const text = texts.map((name) => fields[name]).join(' | ');
    if (omitted === LEFT_OUT.length) return text.slice(0, columns);
    const hasBar = !isLeftOut('bar');
    const room = columns - text.length - (hasBar ? 1 : 0);
    if (room >= (hasBar ? BAR_WIDTH_MIN : 0)) return hasBar ? `${bar(fields.part, room)} ${text}` : text;
  }
}

function bar(part: number, room: number): string {
  const width = Math.min(BAR_WIDTH, room);
  const done = Math.round(Math.min(1, part) * width);
  return '■'.repeat(done) + ' '.repeat(width - done);
}
