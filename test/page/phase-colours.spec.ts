/** Goal: phases are told from each other, and from the card, by day and in the dark. Method: the colours in the style sheets. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../support/project-root.js';

const styles = (name: string): string =>
  readFileSync(join(projectRoot, 'apps', 'dashboard', 'src', name), 'utf8');

type Colour = readonly [red: number, green: number, blue: number];

/** Custom properties that are colours. */
function coloursIn(css: string): Map<string, Colour> {
  const found = [...css.matchAll(/(--[\w-]+): #([0-9a-f]{6});/g)];
  return new Map(
    found.map(([, name, hex]) => [name, [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16))] as never),
  );
}

const [day, dark] = styles('theme.css').split('@media (prefers-color-scheme: dark)').map(coloursIn);

/** By WCAG 2.2. */
function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Colour, other: Colour): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** The property that a phase is filled with; what no rule names is the rest. */
function propertyOf(phase: string): string {
  const rules = styles('workers-view.css').split('}');
  const rule = rules.find((text) => text.includes(`[data-phase='${phase}']`));
  return /--key: var\((--[\w-]+)\)/.exec(rule ?? '')?.[1] ?? '--rest';
}

const PHASES = {
  worker: ['compute', 'encode', 'send', 'receive', 'wait'],
  step: ['wait', 'receive', 'sum', 'apply', 'assign', 'broadcast'],
};

describe.each([
  ['by day', day],
  ['in the dark', dark],
])('%s', (_, colours) => {
  it.each(Object.entries(PHASES))('the phases of a %s differ', (kind, phases) => {
    const filled = phases.map((phase) => colours.get(propertyOf(`${kind}-${phase}`))!);
    for (const [index, one] of filled.entries()) {
      expect(contrast(one, colours.get('--card')!), phases[index]).toBeGreaterThan(3);
      for (const [further, other] of filled.slice(index + 1).entries()) {
        const apart = Math.hypot(...one.map((value, at) => value - other[at]));
        expect(apart, `${phases[index]} and ${phases[index + 1 + further]}`).toBeGreaterThan(50);
      }
    }
  });
});
