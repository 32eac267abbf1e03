/** Elements made by code. What comes from runs is put in as text: no markup is ever made of it. */

export interface Properties {
  readonly class?: string;
  readonly [attribute: string]: string | boolean | undefined;
}

/** An element with attributes (true for one without a value) and children; strings become text. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Properties = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(properties)) {
    if (value === true) made.setAttribute(attribute, '');
    else if (value !== false && value !== undefined) made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

/** The page's own element of this id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** Changes a text where it is another: what does not change is not read out again, and a selection stays. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** A list's elements by key: those that stay are kept, so that focus and selection are, too. */
export class KeyedList<Item> {
  readonly #parent: Element;
  readonly #make: (item: Item) => { readonly root: Element; update(item: Item): void };
  readonly #rows = new Map<string, { readonly root: Element; update(item: Item): void }>();

  constructor(parent: Element, make: (item: Item) => { readonly root: Element; update(item: Item): void }) {
    this.#parent = parent;
    this.#make = make;
  }

  show(items: readonly (readonly [key: string, item: Item])[]): void {
    const keys = new Set(items.map(([key]) => key));
    for (const [key, row] of this.#rows) {
      if (keys.has(key)) continue;
      row.root.remove();
      this.#rows.delete(key);
    }
    items.forEach(([key, item], index) => {
      let row = this.#rows.get(key);
      if (row === undefined) {
        row = this.#make(item);
        this.#rows.set(key, row);
      }
      row.update(item);
      if (this.#parent.children[index] !== row.root) {
        this.#parent.insertBefore(row.root, this.#parent.children[index] ?? null);
      }
    });
  }
}
