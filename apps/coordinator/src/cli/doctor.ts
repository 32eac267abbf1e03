import type { Command } from 'commander';
import { option, jsonOption } from './option-values.js';
import { addProbeOptions, probeFrom, type ProbeFlags } from './probe-options.js';

interface DoctorFlags extends ProbeFlags {
  readonly data: string;
  readonly corpus: boolean;
  readonly json: boolean;
}

/** A problem was found. */
const EXIT_PROBLEM = 1;

export function addDoctor(program: Command, exit: (code: number) => void): void {
  const command = program
    .command('doctor')
    .description('look at this machine, and at a coordinator: what is not as it should be, and what to do');
  addProbeOptions(command);
  command
    .addOption(option('--data <dir>', 'where serve keeps its runs', 'DATA').default('rocinante-data'))
    .option('--corpus', 'ask the address of `corpus fetch` too', false)
    .addOption(jsonOption())
    .action(async (flags: DoctorFlags) => {
      const coordinator = await probeFrom('doctor', flags);
      const { examine } = await import('../doctor/examination.js');
      const { hasProblem, reportJson, reportText } = await import('../doctor/report.js');
      const { data, corpus, json } = flags;
      const sections = await examine({ data, environment: process.env, corpus, coordinator });
      process.stdout.write(json ? `${JSON.stringify(reportJson(sections))}\n` : reportText(sections));
      if (hasProblem(sections)) exit(EXIT_PROBLEM);
    });
}
