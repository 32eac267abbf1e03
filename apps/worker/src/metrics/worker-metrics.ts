import type { CardReading } from '@rocinante/engine';
import {
  CARD_THROTTLE_REASONS,
  MetricSet,
  observeProcess,
  workerDefinitions,
  type WorkerPhase,
} from '@rocinante/metrics';

/** What the engine computes on. */
export interface EngineIdentity {
  readonly tensorflow: string;
  readonly device: string;
  readonly model: string;
}

/** A worker's metrics: told what happens, and made into text for whoever scrapes or for the coordinator, which relays it. */
export class WorkerMetrics {
  readonly #set = new MetricSet(workerDefinitions);

  /** @param version the release. */
  constructor(version: string) {
    observeProcess(this.#set, version);
    this.#set.metrics.connected.set(0);
    this.#set.metrics.certificateExpiry.set(NaN);
  }

  get contentType(): string {
    return this.#set.contentType;
  }

  /** Everything in Prometheus's text format. */
  text(): Promise<string> {
    return this.#set.text();
  }

  /** The engine has started, and this is what it is. */
  engineStarted({ tensorflow, device, model }: EngineIdentity): void {
    this.#set.metrics.engineInfo.set({ tensorflow, device, model }, 1);
  }

  /** The coordinator has welcomed this worker. */
  connected(): void {
    this.#set.metrics.sessions.inc();
    this.#set.metrics.connected.set(1);
  }

  /** The worker's own certificate, as its file has it now, ends then. */
  certificateRead(notAfter: Date): void {
    this.#set.metrics.certificateExpiry.set(notAfter.getTime() / 1000);
  }

  /** The session is over, for whatever reason. */
  disconnected(): void {
    this.#set.metrics.connected.set(0);
  }

  /** A phase of one contribution took so long: once for each contribution that had the phase. */
  phase(phase: WorkerPhase, seconds: number): void {
    this.#set.metrics.stepPhase.observe({ phase }, seconds);
  }

  /** Gradients were computed: of so many micro-batches, which hold so many windows together. */
  computed(microBatches: number, windows: number): void {
    this.#set.metrics.microBatches.inc(microBatches);
    this.#set.metrics.windows.inc(windows);
  }

  /** So many handles of the engine are live after a piece of work. */
  engineHandles(live: number): void {
    this.#set.metrics.engineHandles.set(live);
  }

  /** The card that this worker was given is so now; null where nobody tells any more. What is not told has no series. */
  card(reading: CardReading | null): void {
    const { metrics } = this.#set;
    const values = {
      cardUtilization: reading?.utilization,
      cardMemoryUsed: reading?.memoryUsedBytes,
      cardMemoryTotal: reading?.memoryTotalBytes,
      cardTemperature: reading?.temperatureCelsius,
      cardPower: reading?.powerWatts,
      cardEccErrors: reading?.uncorrectedEccErrors,
    } as const;
    const labels = reading === null ? {} : { card: String(reading.index), uuid: reading.uuid };
    // A card that is not visible any more leaves no series behind, but that of its Xid errors: the kernel's log tells them on, and
    // of a card that has fallen off the bus nothing else does.
    metrics.cardInfo.reset();
    metrics.cardThrottled.reset();
    for (const [name, value] of Object.entries(values)) {
      const gauge = metrics[name as keyof typeof values];
      gauge.reset();
      if (value != null) gauge.set(labels, value);
    }
    if (reading === null) return;
    metrics.cardInfo.set({ ...labels, model: reading.model }, 1);
    if (reading.throttled === null) return;
    for (const reason of CARD_THROTTLE_REASONS) {
      metrics.cardThrottled.set({ ...labels, reason }, Number(reading.throttled.includes(reason)));
    }
  }

  /** The driver has reported so many errors of the card in all; null where that is not seen. */
  cardXidErrors({ index, uuid }: Pick<CardReading, 'index' | 'uuid'>, errors: number | null): void {
    const { cardXidErrors } = this.#set.metrics;
    // A counter is only added to; nobody reads it between these two.
    cardXidErrors.reset();
    if (errors !== null) cardXidErrors.inc({ card: String(index), uuid }, errors);
  }

  /** Bytes of a range of a contribution that was handed to the connection. */
  sent(bytes: number): void {
    this.#set.metrics.sentBytes.inc(bytes);
  }

  /** Bytes of a range of parameters, or of the corpus, that arrived. */
  received(bytes: number): void {
    this.#set.metrics.receivedBytes.inc(bytes);
  }
}
