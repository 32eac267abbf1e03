// @ts-check
// `./rocinante test`: format, lint, unit tests, then integration and end-to-end tests, and one line that adds them up.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const reportName = 'test-results.json';

const usage = 'expected: test [--long] [--json]';

/** Results so far; format and the lint of each project count as one each. */
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
  if (argv.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const unknown = argv.find((arg) => arg !== '--long' && arg !== '--json');
  if (unknown !== undefined) {
    process.stderr.write(`rocinante: test: ${usage}; received ${unknown}\n`);
    return 2;
  }
  const json = argv.includes('--json');
  const output = json ? process.stderr : process.stdout;
  if (argv.includes('--long')) process.env.ROCINANTE_LONG = '1';
  const tally = new Tally();

  await section(output, 'Format', () => checkFormat(tally, output));
  await section(output, 'Lint', () => lint(tally, output));
  await section(output, 'Unit tests', () => unitTests(tally, output));
  await section(output, 'Integration and end-to-end tests', () => processTests(tally, output));

  const { passed, failures, skipped } = tally;
  if (failures.length > 0) output.write(`\nFailed:\n${failures.map((name) => `  ${name}\n`).join('')}`);
  const summary = `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  output.write(`\n${summary}\n`);
  if (json)
    process.stdout.write(`${JSON.stringify({ passed, failed: failures.length, skipped, failures })}\n`);
  return failures.length === 0 ? 0 : 1;
}

/**
 * @param {Tally} tally
 * @param {NodeJS.WriteStream} output
 */
async function checkFormat(tally, output) {
  const { code } = await run(output, 'prettier', ['--check', '.']);
  tally.count(code === 0, 'format: `npx prettier --write .` puts it right');
}

/**
 * @param {Tally} tally
 * @param {NodeJS.WriteStream} output
 */
async function lint(tally, output) {
  const { code, text } = await run(output, 'nx', ['run-many', '-t', 'lint', '--output-style=static']);
  const [, header = ''] = /Running target lint for .*?:\n\n((?:- .*\n)+)/.exec(text) ?? [];
  const projects = [...header.matchAll(/^- (\S+)$/gm)].map((match) => match[1]);
  const [, list = ''] = /Failed tasks:\n\n((?:- .*\n)+)/.exec(text) ?? [];
  const failed = new Set([...list.matchAll(/^- (\S+):lint$/gm)].map((match) => match[1]));
  for (const project of projects) tally.count(!failed.has(project), `lint: ${project}`);
  if (projects.length === 0 || (code !== 0 && failed.size === 0))
    tally.count(false, `lint: nx ended with ${code}`);
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

/**
 * Specs in this folder that run two at a time: their processes do not mind that others compute beside them. Those that measure,
 * or play with time, run one after the other.
 */
const sideBySide = [
  'deploy/bundle',
  'deploy/chart',
  'deploy/entry',
  'deploy/recipes',
  'e2e/divergence',
  'e2e/grid',
  'e2e/joining-proof',
  'e2e/ledger',
  'e2e/same-bits',
  'e2e/store',
  'e2e/support',
  'e2e/weights-and-sample',
  'e2e/wrong-turns',
  'integration/certificates',
  'fuzz/readers',
  'integration/damaged-link',
  'integration/health',
  'integration/hostile-ports',
  'integration/object-store',
  'integration/strangers',
  'setup/set-up',
];

/**
 * The tests in this folder, which start processes.
 * @param {Tally} tally
 * @param {NodeJS.WriteStream} output
 */
async function processTests(tally, output) {
  const target = ['run', '@rocinante/test:test', '--output-style=stream'];
  const files = sideBySide.map((name) => `${name}.spec.ts`);
  await vitest(tally, output, ['test'], target, ['--maxWorkers=2', ...files]);
  const others = files.map((file) => `--exclude=**/${file}`);
  await vitest(tally, output, ['test'], target, ['--fileParallelism=false', ...others]);
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
 * Runs one of the workspace's tools; its output is shown as it comes.
 * @param {NodeJS.WriteStream} output
 * @param {string} tool
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, text: string }>} its exit code (null: a signal), and its output without colours.
 */
function run(output, tool, args) {
  const child = spawn(join(root, 'node_modules', '.bin', tool), args, {
    cwd: root,
    env: {
      ...process.env,
      NX_DAEMON: 'false',
      NX_NO_CLOUD: 'true',
      ...(output.isTTY ? { FORCE_COLOR: '1' } : {}),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  /** @param {Buffer} bytes */
  const show = (bytes) => {
    output.write(bytes);
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
