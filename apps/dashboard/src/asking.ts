/** How often a page that nobody sees asks after its run: for its title alone. */
const ASK_INTERVAL_MS = 15_000;

/** Asks then and now, one question at a time, from `start` to `stop`. */
export class Asking {
  readonly #ask: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOn = false;

  /** @param ask what is asked; it handles its own failures. */
  constructor(ask: () => Promise<void>) {
    this.#ask = ask;
  }

  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#next();
  }

  stop(): void {
    this.#isOn = false;
    clearTimeout(this.#timer);
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      void this.#ask().finally(() => this.#isOn && this.#next());
    }, ASK_INTERVAL_MS);
  }
}
