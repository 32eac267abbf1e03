import { describe, expect, it } from 'vitest';
import { workerDefinitions } from '@rocinante/metrics';
import { WorkerMetrics } from './worker-metrics.js';

const cpu = { tensorflow: '2.21.0', device: 'cpu', model: 'A "fast" one' };

describe("a worker's metrics", () => {
  it('have series from the start, but for the engine that has not started and for cards', async () => {
    const text = await new WorkerMetrics('1.2.3').text();
    for (const { name, type } of Object.values(workerDefinitions)) {
      if (name.endsWith('engine_info') || name.includes('_card_')) continue;
      expect(text).toMatch(new RegExp(`^${type === 'histogram' ? `${name}_count` : name}[ {]`, 'm'));
    }
    expect(text).toContain('rocinante_worker_build_info{version="1.2.3"} 1');
    expect(text).toContain('rocinante_worker_step_phase_duration_seconds_count{phase="send"} 0');
  });

  it('tell what was told', async () => {
    const metrics = new WorkerMetrics('1.2.3');
    metrics.engineStarted(cpu);
    metrics.connected();
    metrics.disconnected();
    metrics.connected();
    metrics.phase('compute', 0.5);
    metrics.phase('compute', 0.25);
    metrics.computed(3, 24);
    metrics.computed(1, 8);
    metrics.engineHandles(42);
    metrics.sent(100);
    metrics.received(200);
    const lines = (await metrics.text()).split('\n');
    for (const line of [
      'engine_info{tensorflow="2.21.0",device="cpu",model="A \\"fast\\" one"} 1',
      'sessions_total 2',
      'connected 1',
      'step_phase_duration_seconds_sum{phase="compute"} 0.75',
      'step_phase_duration_seconds_count{phase="compute"} 2',
      'micro_batches_total 4',
      'windows_total 32',
      'engine_handles 42',
      'sent_bytes_total 100',
      'received_bytes_total 200',
    ]) {
      expect(lines).toContain(`rocinante_worker_${line}`);
    }
    metrics.disconnected();
    expect(await metrics.text()).toContain('rocinante_worker_connected 0');
  });

  it('tell of a card what is told of it, and nothing once nobody tells', async () => {
    const metrics = new WorkerMetrics('1.2.3');
    const reading = {
      index: 3,
      uuid: 'GPU-5c1e',
      busId: '',
      model: 'NVIDIA H200',
      utilization: 0.97,
      memoryUsedBytes: 0,
      memoryTotalBytes: 2 ** 37,
      temperatureCelsius: 64,
      powerWatts: null,
      throttled: ['sw_power_cap'],
      uncorrectedEccErrors: null,
    } as const;
    const ofCards = async (): Promise<string[]> =>
      (await metrics.text()).split('\n').filter((line) => line.startsWith('rocinante_worker_card_'));
    metrics.card(reading);
    const labels = 'card="3",uuid="GPU-5c1e"';
    expect(await ofCards()).toEqual([
      `rocinante_worker_card_info{${labels},model="NVIDIA H200"} 1`,
      `rocinante_worker_card_utilization_ratio{${labels}} 0.97`,
      `rocinante_worker_card_memory_used_bytes{${labels}} 0`,
      `rocinante_worker_card_memory_total_bytes{${labels}} ${2 ** 37}`,
      `rocinante_worker_card_temperature_celsius{${labels}} 64`,
      `rocinante_worker_card_throttled{${labels},reason="sw_power_cap"} 1`,
      ...[
        'hw_slowdown',
        'sync_boost',
        'sw_thermal_slowdown',
        'hw_thermal_slowdown',
        'hw_power_brake_slowdown',
      ].map((reason) => `rocinante_worker_card_throttled{${labels},reason="${reason}"} 0`),
    ]);
    metrics.card({ ...reading, index: 4, throttled: null });
    expect((await ofCards()).some((line) => line.includes('card="3"') || line.includes('throttled'))).toBe(
      false,
    );
    metrics.card(null);
    expect(await ofCards()).toEqual([]);
    metrics.cardXidErrors(reading, 0);
    expect(await ofCards()).toEqual([`rocinante_worker_card_xid_errors_total{${labels}} 0`]);
    metrics.cardXidErrors(reading, 1);
    metrics.cardXidErrors(reading, 3);
    metrics.card(null);
    expect(await ofCards()).toEqual([`rocinante_worker_card_xid_errors_total{${labels}} 3`]);
    expect(await metrics.text()).toContain('# TYPE rocinante_worker_card_xid_errors_total counter');
    metrics.cardXidErrors(reading, null);
    expect(await ofCards()).toEqual([]);
  });
});
