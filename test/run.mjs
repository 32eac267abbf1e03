// @ts-check
// `./rocinante test`: format, lint, unit tests, then integration and end-to-end tests, and one line that adds them up.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const reportName = 'test-results.json';

const usage = 'expected: test [--long] [--json]';

const help = `Usage: rocinante test [options]

checks all of this checkout, as the pipeline does: format, lint and types, the unit tests of every lib and app, then the
integration and end-to-end tests, which start processes of ./rocinante. 15 to 20 minutes on two cores. A test whose need
is missing is skipped; CONTRIBUTING.md says what that may be, and how to run one project's tests alone.

Options:
  --long      run the tests too that take long: more seeds, the whole bundle, images, an hour of fuzzing (hours in all)
  --json      end with one line of JSON on standard output: passed, failed, skipped, failures; the rest goes to standard error
  -h, --help  display help for command

It ends with 0 where nothing failed, with 1 where something did, and with 2 for another option.
`;

/** Results so far; format, lint and types count as one each. */
class Tally {
  passed = 0;
  skipped = 0;
  /** @type {string[]} names of what failed */
  failures = [];

  /**
   * @param {boolean} ok
   * @param {string} name
   */
  count(ok, name) {
    if (ok) this.passed += 1;
    else this.failures.push(name);
  }
}

/**
 * Runs everything.
 * @param {string[]} argv `--long` runs the long tests too (they see ROCINANTE_LONG=1); `--json` makes the last line of
 *   standard output one JSON object, and sends all other output to standard error.
 * @returns {Promise<number>} 0, 1 when anything failed, 2 for an unknown option.
 */
export async function main(argv) {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(help);
    return 0;
  }
  const unknown = unknownOf(argv);
  if (unknown !== undefined) {
    process.stderr.write(`rocinante: test: ${usage}; received ${unknown}\n`);
    return 2;
  }
  const json = argv.includes('--json');
  const output = json ? process.stderr : process.stdout;
  if (argv.includes('--long')) process.env.ROCINANTE_LONG = '1';
  const tally = new Tally();

  // They take the time in which tests wait, and are over before those that nothing may disturb.
  const checking = checks();
  await section(output, 'Unit tests', () => unitTests(tally, output));
  await section(output, 'Integration and end-to-end tests', () => processTests(tally, output));
  await section(output, 'Format, lint, types', () => showChecks(tally, output, checking));
  await section(output, 'Tests that run alone', () => testsAlone(tally, output));

  const { passed, failures, skipped } = tally;
  if (failures.length > 0) output.write(`\nFailed:\n${failures.map((name) => `  ${name}\n`).join('')}`);
  const summary = `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  output.write(`\n${summary}\n`);
  if (json)
    process.stdout.write(`${JSON.stringify({ passed, failed: failures.length, skipped, failures })}\n`);
  return failures.length === 0 ? 0 : 1;
}

/**
 * Whether these words let the tests run: else they ask for help, or are wrong.
 * @param {string[]} argv
 */
export function runs(argv) {
  return unknownOf(argv) === undefined;
}

/** @param {string[]} argv */
function unknownOf(argv) {
  return argv.find((arg) => arg !== '--long' && arg !== '--json');
}

/**
 * Format, lint and the types of programs that are not compiled, side by side and behind whatever else runs.
 * @returns {Promise<{ name: string, ok: boolean, text: string }[]>}
 */
function checks() {
  /** @type {readonly (readonly [name: string, tool: string, args: string[]])[]} */
  const all = [
    ['format: `npx prettier --write .` puts it right', 'prettier', ['--check', '.']],
    // One process: each would read the types of all that its project imports anew.
    ['lint', 'eslint', ['.']],
    ['types of programs in deploy', 'tsc', ['-p', 'deploy']],
  ];
  return Promise.all(
    all.map(async ([name, tool, args]) => {
      // Nobody waits for it yet: a failure to start is a result too.
      const { code, text } = await run(null, tool, args).catch((error) => ({
        code: null,
        text: `${error}\n`,
      }));
      return { name, ok: code === 0, text };
    }),
  );
}

/**
 * @param {Tally} tally
 * @param {NodeJS.WriteStream} output
 * @param {ReturnType<typeof checks>} checking
 */
async function showChecks(tally, output, checking) {
  for (const { name, ok, text } of await checking) {
    output.write(text);
    tally.count(ok, name);
  }
}

/**
 * The tests of every lib and app.
 * @param {Tally} tally
 * @param {NodeJS.WriteStream} output
 */
async function unitTests(tally, output) {
  const folders = ['libs', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name)),
  );
  const selection = [
    'run-many',
    '-t',
    'test',
    '--exclude',
    '@rocinante/test',
    '--output-style=static',
    '--parallel=2',
  ];
  await vitest(tally, output, folders, selection, []);
}

/** Specs in this folder that run at the same time. Three on two cores: one often waits for a time to pass, or for a process to end. */
const SIDE_BY_SIDE = 3;

/**
 * Specs in this folder that run when all others are over, and why: those of a lane at the same time, and one lane after the other.
 * Whatever a spec asks for within a time that others may make it miss puts it here; ports, folders and networks are each spec's own.
 * @type {readonly Readonly<Record<string, string>>[]}
 */
const lanes = [
  {
    'e2e/endings': 'processes that are told to end have ended within seconds',
    'network/slow-links':
      'a process that is not heard of for 4 s is cut off, which a busy machine makes sooner on a slow link; it waits for that most of the time',
  },
  { 'integration/coordinator-memory': 'what waits in memory depends on how fast 64 workers are' },
  { 'integration/unruly-workers': 'workers are cut off by what they send in a time' },
];

const laneFiles = lanes.map((lane) => Object.keys(lane).map((name) => `${name}.spec.ts`));
const testProject = ['run', '@rocinante/test:test', '--output-style=stream'];

/**
 * The tests in this folder, which start processes, but for those that run alone.
 * @param {Tally} tally
 * @param {NodeJS.WriteStream} output
 */
async function processTests(tally, output) {
  const excluded = laneFiles.flat().map((file) => `--exclude=**/${file}`);
  await vitest(tally, output, ['test'], testProject, [`--maxWorkers=${SIDE_BY_SIDE}`, ...excluded]);
}

/**
 * @param {Tally} tally
 * @param {NodeJS.WriteStream} output
 */
async function testsAlone(tally, output) {
  for (const file of laneFiles.flat()) {
    if (!existsSync(join(root, 'test', file)))
      tally.count(false, `test/${file}: it is named in test/run.mjs`);
  }
  for (const files of laneFiles) {
    await vitest(tally, output, ['test'], testProject, [`--maxWorkers=${files.length}`, ...files]);
  }
}

/**
 * Runs vitest in projects, through nx, and adds up the reports it leaves.
 * @param {Tally} tally
 * @param {NodeJS.WriteStream} output
 * @param {string[]} folders of the projects.
 * @param {string[]} selection nx's arguments.
 * @param {string[]} options vitest's own.
 */
async function vitest(tally, output, folders, selection, options) {
  for (const folder of folders) rmSync(join(root, folder, reportName), { force: true });
  const passed = options.length > 0 ? ['--', ...options] : [];
  const { code } = await run(output, 'nx', [...selection, ...passed]);
  const failuresBefore = tally.failures.length;
  for (const folder of folders) addReport(tally, folder);
  if (code !== 0 && tally.failures.length === failuresBefore)
    tally.count(false, `tests: nx ended with ${code}`);
}

/**
 * @param {Tally} tally
 * @param {string} folder
 */
function addReport(tally, folder) {
  const file = join(root, folder, reportName);
  if (!existsSync(file)) {
    if (hasSpecs(folder)) tally.count(false, `${folder}: its tests did not run`);
    return;
  }
  const failuresBefore = tally.failures.length;
  const report = JSON.parse(readFileSync(file, 'utf8'));
  for (const { name, status, message, assertionResults } of report.testResults) {
    const spec = name.slice(root.length + 1);
    for (const { fullName, status } of assertionResults) {
      if (status === 'pending' || status === 'todo' || status === 'skipped') tally.skipped += 1;
      else tally.count(status === 'passed', `${spec}: ${fullName}`);
    }
    // A file that cannot be loaded, or whose preparation fails, has no failed test to show.
    const hasFailure = assertionResults.some(
      (/** @type {{ status: string }} */ test) => test.status === 'failed',
    );
    if (status === 'failed' && !hasFailure) tally.count(false, `${spec}: ${String(message).split('\n')[0]}`);
  }
  if (!report.success && tally.failures.length === failuresBefore) {
    tally.count(false, `${folder}: an error outside of any test`);
  }
}

/** @param {string} folder */
function hasSpecs(folder) {
  return readdirSync(join(root, folder), { recursive: true }).some(
    (name) => /\.spec\.ts$/.test(String(name)) && !/(^|\/)(node_modules|dist)\//.test(String(name)),
  );
}

/**
 * @param {NodeJS.WriteStream} output
 * @param {string} title
 * @param {() => Promise<void>} work
 */
async function section(output, title, work) {
  output.write(`\n== ${title} ==\n`);
  const start = performance.now();
  await work();
  output.write(`== ${title}: ${((performance.now() - start) / 1000).toFixed(1)} s ==\n`);
}

/**
 * Runs one of the workspace's tools.
 * @param {NodeJS.WriteStream | null} output where its output is shown as it comes; null for one that runs behind all others, and
 *   whose output is shown later.
 * @param {string} tool
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, text: string }>} its exit code (null: a signal), and its output without colours.
 */
function run(output, tool, args) {
  const words = [join(root, 'node_modules', '.bin', tool), ...args];
  const [command, ...rest] = output === null ? ['nice', '-n', '19', ...words] : words;
  const child = spawn(command, rest, {
    cwd: root,
    env: {
      ...process.env,
      NX_DAEMON: 'false',
      NX_NO_CLOUD: 'true',
      ...(output?.isTTY ? { FORCE_COLOR: '1' } : {}),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  /** @param {Buffer} bytes */
  const show = (bytes) => {
    output?.write(bytes);
    text += bytes.toString();
  };
  child.stdout.on('data', show);
  child.stderr.on('data', show);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    // eslint-disable-next-line no-control-regex
    child.on('close', (code) => resolve({ code, text: text.replace(/\x1b\[[0-9;]*m/g, '') }));
  });
}
