import type { Engine, Tensor } from '@rocinante/engine';

/** Gives a constant by a name that says all that it follows from besides the network. It is never the caller's to free. */
export type Constant = (name: string, make: () => Tensor) => Tensor;

/**
 * A network's constants.
 *
 * On a card each is made once, and kept until `dispose`: what is copied to a card waits until the card has done all that was asked of
 * it before. On a processor, where nothing is copied, each is made when it is asked for, and the scope's.
 */
export class NetworkConstants {
  readonly #kept = new Map<string, Tensor>();

  constructor(readonly engine: Engine) {}

  readonly constant: Constant = (name, make) => {
    if (this.engine.description.device === 'cpu') return make();
    const tensor = this.#kept.get(name) ?? this.engine.keep(make());
    this.#kept.set(name, tensor);
    return tensor;
  };

  dispose(): void {
    this.engine.free(...this.#kept.values());
    this.#kept.clear();
  }
}
