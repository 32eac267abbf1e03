import { byId, element } from './elements.js';
import { OrderError } from './orders.js';

/** A field of a form. What is left empty is not sent. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'number' | 'select';
  /** What stands there at first. */
  readonly value?: string;
  readonly placeholder?: string;
  readonly hint?: string;
  readonly options?: readonly (readonly [value: string, label: string])[];
  readonly min?: number;
  readonly step?: string;
  readonly maxLength?: number;
}

export interface Form {
  readonly title: string;
  readonly text?: string;
  readonly fields: readonly Field[];
  /** Fields that few need, folded away. */
  readonly further?: readonly Field[];
  readonly submit: string;
  /** @throws {OrderError} what was wrong: the form stays, and says so. */
  readonly onSubmit: (values: Readonly<Record<string, string | number>>) => Promise<void>;
  /** Told of a choice in a list, with its field's name. */
  readonly onChoice?: (name: string, value: string, form: HTMLFormElement) => void;
}

/** Shows a form over the page. Escape, or Cancel, closes it; focus goes back to where it was. */
export function openForm({ title, text, fields, further = [], submit, onSubmit, onChoice }: Form): void {
  const dialog = byId('dialog') as HTMLDialogElement;
  const failure = element('p', { class: 'failure', role: 'alert' });
  const cancel = element('button', { type: 'button', class: 'quiet' }, 'Cancel');
  const confirm = element('button', { type: 'submit' }, submit);
  const form = element(
    'form',
    { method: 'dialog' },
    element('h2', { id: 'dialog-title' }, title),
    ...(text === undefined ? [] : [element('p', { class: 'note' }, text)]),
    element('div', { class: 'fields' }, ...fields.map(fieldElement)),
    ...(further.length === 0
      ? []
      : [
          element(
            'details',
            {},
            element('summary', {}, 'More options'),
            element('div', { class: 'fields' }, ...further.map(fieldElement)),
          ),
        ]),
    failure,
    element('div', { class: 'dialog-actions' }, cancel, confirm),
  );
  cancel.addEventListener('click', () => dialog.close());
  form.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement) onChoice?.(target.name, target.value, form);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    confirm.disabled = true;
    failure.textContent = '';
    onSubmit(valuesOf(form, [...fields, ...further])).then(
      () => dialog.close(),
      (error: unknown) => {
        confirm.disabled = false;
        if (!(error instanceof OrderError)) throw error;
        failure.textContent = error.message;
      },
    );
  });
  dialog.replaceChildren(form);
  dialog.showModal();
}

function fieldElement(field: Field): HTMLElement {
  const id = `field-${field.name}`;
  const hintId = `${id}-hint`;
  const common = { id, name: field.name, 'aria-describedby': field.hint ? hintId : undefined };
  const input =
    field.kind === 'select'
      ? element(
          'select',
          common,
          ...(field.options ?? []).map(([value, label]) =>
            element('option', { value, selected: value === field.value }, label),
          ),
        )
      : element('input', {
          ...common,
          type: field.kind,
          value: field.value,
          placeholder: field.placeholder,
          min: field.min?.toString(),
          step: field.step,
          maxlength: field.maxLength?.toString(),
          inputmode: field.kind === 'number' ? 'decimal' : undefined,
          autocomplete: 'off',
        });
  return element(
    'div',
    { class: 'field' },
    element('label', { for: id }, field.label),
    input,
    ...(field.hint ? [element('p', { class: 'hint', id: hintId }, field.hint)] : []),
  );
}

/** What was filled in, numbers as numbers. */
function valuesOf(form: HTMLFormElement, fields: readonly Field[]): Record<string, string | number> {
  const data = new FormData(form);
  return Object.fromEntries(
    fields.flatMap(({ name, kind }) => {
      const value = data.get(name);
      if (typeof value !== 'string' || value.trim() === '') return [];
      return [[name, kind === 'number' ? Number(value) : value.trim()]];
    }),
  );
}
