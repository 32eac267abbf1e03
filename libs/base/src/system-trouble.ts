/** What the operating system's refusals are to a person, as the end of a sentence; its own words for others. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is no folder',
  EISDIR: 'it is a folder',
  EEXIST: 'there is one already',
  ENOTEMPTY: 'the folder is not empty',
  ELOOP: 'it is a link, or a circle of links',
  ENAMETOOLONG: 'its name is too long',
  EACCES: 'this user may not: permission denied',
  EPERM: 'this user may not: permission denied',
  EROFS: 'its disk can only be read',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full for this user',
  EIO: 'the disk failed',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EADDRINUSE: 'its port is in use',
  EADDRNOTAVAIL: 'this machine has no such address',
  ECONNREFUSED: 'refused: nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'nobody knows that name',
  EAI_AGAIN: 'the name service does not answer',
};

/**
 * What went wrong in a call of the operating system, for one line of ours: `/data/runs: this user may not: permission denied
 * (EACCES)`. The code stays, since it is what people search for. Anything else is what the error says.
 * @param named the path that the line names already, which is not named again.
 */
export function systemTrouble(error: unknown, named?: string): string {
  const { code = '', path, message } = error as NodeJS.ErrnoException;
  const words = WORDS[code];
  if (words === undefined) return message || code;
  return `${path === undefined || path === named ? '' : `${path}: `}${words} (${code})`;
}
