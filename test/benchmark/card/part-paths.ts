import { FLOAT32_TOLERANCE, type LstmPathName } from '@rocinante/compute';
import { WORKER_MEMORY } from '@rocinante/engine';
import type { Section } from './figure.js';
import { LineProcess } from './line-process.js';
import type { Choice, Difference, GoldenDifference, PathsQuestion } from './paths-thread.js';
import { configOf, programFile, WAIT_SECONDS_MAX, type Setting } from './setting.js';

/** cuDNN first, which is what a card is to compute by. */
const NAMES: readonly LstmPathName[] = ['cudnn', 'cudnn-batch-major', 'fused', 'plain'];

/** (a) What each LSTM path is off by on this device, and which one is chosen. */
export async function measurePaths(setting: Setting, section: Section): Promise<void> {
  const { report, options } = setting;
  const isOnCard = options.device === 'gpu';
  const windows = options.sizes[0];
  const config = configOf(setting, windows, 'float32');
  let process = startProcess(setting);
  /** An answer, or the line why there is none; where the process died of it, another one takes its place. */
  const ask = async <Answer>(question: PathsQuestion): Promise<Answer | string> => {
    try {
      return await process.ask<Answer>(question, WAIT_SECONDS_MAX[options.device]);
    } catch (error) {
      if (process.hasEnded) process = startProcess(setting);
      return (error as Error).message;
    }
  };
  const add = (what: string, answer: Difference | GoldenDifference | string, isExpected: boolean): void => {
    const refused = typeof answer === 'string';
    report.add(section, {
      what,
      value: refused ? null : answer.difference,
      unit: '',
      asked: `at most ${FLOAT32_TOLERANCE}`,
      met: isExpected ? !refused && answer.difference <= FLOAT32_TOLERANCE : null,
      note: refused ? answer : noteOf(answer),
    });
  };
  try {
    for (const name of NAMES) {
      const isExpected = isOnCard || !name.startsWith('cudnn');
      const golden = await ask<GoldenDifference>({ ask: 'golden', name });
      add(`${name} beside the golden files`, golden, isExpected);
      if (typeof golden === 'string' || name === 'plain') continue;
      const plain = await ask<Difference>({ ask: 'plain', name, config, windows });
      add(`${name} beside plain, the run's network, ${windows} windows`, plain, isExpected);
    }
    const chosen = await ask<Choice>({ ask: 'choose' });
    if (typeof chosen === 'string') throw new Error(chosen);
    report.fact('TensorFlow', chosen.tensorflow);
    report.fact('engine', chosen.engine);
    report.fact('LSTM path', chosen.path);
    report.fact('LSTM paths passed over', chosen.notice);
    report.add(section, {
      what: 'path that is chosen',
      value: chosen.path,
      unit: '',
      asked: isOnCard ? 'cudnn' : null,
      met: isOnCard ? chosen.path.startsWith('cudnn') : null,
      note: chosen.notice ?? chosen.reason,
    });
  } finally {
    await process.end();
  }
}

function noteOf(answer: Difference | GoldenDifference): string {
  return 'networks' in answer
    ? `${answer.where}; ${answer.networks} of ${answer.all} networks`
    : answer.where;
}

function startProcess({ options: { device, threads } }: Setting): LineProcess {
  const words = [programFile('paths-process'), JSON.stringify({ device, threads })];
  return new LineProcess('the engine', process.execPath, words, WORKER_MEMORY);
}
