/** An error that the driver reported of a card, as a line of the kernel's log tells it. */
export interface XidError {
  /** The card's PCI address as there, such as `0000:18:00`. */
  readonly address: string;
  /** NVIDIA's number for it, such as 79: the card has fallen off the bus. */
  readonly xid: number;
}

/** Null for a line about anything else. */
export function xidOf(line: string): XidError | null {
  const found = /NVRM: Xid \(PCI:([\da-f]{4,8}:[\da-f]{2}:[\da-f]{2})(?:\.\d)?\): (\d{1,4})\b/i.exec(line);
  return found === null ? null : { address: found[1], xid: Number(found[2]) };
}

/** Whether both are one card's: nvidia-smi writes the address `00000000:18:00.0`, with a longer domain and a function. */
export function isSameCard(address: string, other: string): boolean {
  return shortOf(address) === shortOf(other);
}

function shortOf(address: string): string {
  return address
    .toLowerCase()
    .replace(/\.\d$/, '')
    .replace(/^0+(?=[\da-f]{4}:)/, '');
}
