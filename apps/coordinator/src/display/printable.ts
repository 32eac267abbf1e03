/** What moves a cursor or changes a terminal's state; a line's end among them. */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Text of others on one line, with control characters as `\u001b`: what a worker says cannot write to our terminal. */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
