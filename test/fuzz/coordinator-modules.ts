import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../support/project-root.js';
import type * as Config from '../../apps/coordinator/dist/config.js';
import type * as EntryReader from '../../apps/coordinator/dist/daemon/entry-reader.js';
import type * as RunStoreFile from '../../apps/coordinator/dist/daemon/run-store.js';
import type * as BundleFile from '../../apps/coordinator/dist/deploy/bundle-file.js';
import type * as Hosts from '../../apps/coordinator/dist/deploy/hosts.js';
import type * as EntryText from '../../apps/coordinator/dist/display/entry-text.js';
import type * as NoticeMarks from '../../apps/coordinator/dist/notify/notice-marks.js';
import type * as PageSessions from '../../apps/coordinator/dist/page/page-sessions.js';
import type * as Presets from '../../apps/coordinator/dist/presets.js';
import type * as EventLog from '../../apps/coordinator/dist/run/log/event-log.js';
import type * as Exactness from '../../apps/coordinator/dist/run/exactness.js';
import type * as RunDirectory from '../../apps/coordinator/dist/run/run-directory.js';
import type * as RunPlace from '../../apps/coordinator/dist/run/run-place.js';
import type * as SavedProgress from '../../apps/coordinator/dist/run/checkpoints/saved-progress.js';

type Dist = typeof Config &
  typeof EntryReader &
  typeof RunStoreFile &
  typeof BundleFile &
  typeof Hosts &
  typeof EntryText &
  typeof NoticeMarks &
  typeof PageSessions &
  typeof Presets &
  typeof EventLog &
  typeof Exactness &
  typeof RunDirectory &
  typeof RunPlace &
  typeof SavedProgress;

const FILES = [
  'config',
  'daemon/entry-reader',
  'daemon/run-store',
  'deploy/bundle-file',
  'deploy/hosts',
  'display/entry-text',
  'notify/notice-marks',
  'page/page-sessions',
  'presets',
  'run/log/event-log',
  'run/exactness',
  'run/run-directory',
  'run/run-place',
  'run/checkpoints/saved-progress',
];

/**
 * The coordinator's own readers, as they were built. No test imports an app; but a process of its own for each of thousands of
 * inputs would be hours, so a process of the fuzzer is an app's in these.
 */
export async function coordinatorReaders(): Promise<Dist> {
  const dist = join(projectRoot, 'apps', 'coordinator', 'dist');
  const modules = await Promise.all(
    FILES.map((file) => import(pathToFileURL(join(dist, `${file}.js`)).href) as Promise<object>),
  );
  return Object.assign({}, ...modules) as Dist;
}
