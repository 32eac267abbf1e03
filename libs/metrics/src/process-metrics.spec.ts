import { expect, it } from 'vitest';
import { MetricSet } from './metric-set.js';
import { processDefinitions } from './process-definitions.js';
import { observeProcess } from './process-metrics.js';

async function value(set: { text(): Promise<string> }, series: string): Promise<number> {
  const line = (await set.text()).split('\n').find((line) => line.startsWith(`${series} `));
  return Number(line?.slice(series.length));
}

it("tells a process's release, start, memory, and how late its event loop was since the scrape before", async () => {
  const set = new MetricSet(processDefinitions('worker'));
  observeProcess(set, '1.2.3');
  expect(await value(set, 'rocinante_worker_build_info{version="1.2.3"}')).toBe(1);
  expect(await value(set, 'rocinante_worker_process_start_time_seconds')).toBeCloseTo(
    Date.now() / 1000 - process.uptime(),
    -1,
  );
  expect(await value(set, 'rocinante_worker_resident_memory_bytes')).toBeGreaterThan(10e6);

  const lag = 'rocinante_worker_event_loop_lag_seconds{statistic="max"}';
  await value(set, lag);
  // One turn for the timer that measures to begin, then a loop that does not turn for 100 ms.
  await new Promise((resolve) => setTimeout(resolve, 20));
  const until = performance.now() + 100;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const late = await value(set, lag);
  expect(late).toBeGreaterThan(0.05);
  // Since the scrape before it is another one, whatever the machine is busy with.
  expect(await value(set, lag)).not.toBe(late);
});
