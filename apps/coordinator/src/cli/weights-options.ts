/** How weights are named on the command line, by commands that use them. */
import { Option } from 'commander';
import { WHICH_WEIGHTS } from '../client/weights-download.js';

/** What `readNamedWeights` takes. */
export const WEIGHTS_ARGUMENT = 'a run’s directory, such as runs/<time>; or a weights file, or a checkpoint';

export function whichOption(): Option {
  return new Option(
    '--which <name>',
    'of a run’s directory those of its end (default), or of a checkpoint',
  ).choices(WHICH_WEIGHTS);
}
