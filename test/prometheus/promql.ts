/** As much of PromQL's grammar as tells what an expression asks for: expressions of Prometheus's own that it accepts. */

/** One selector: a metric with the labels that its matchers name. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

const KEYWORDS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'bool', 'offset', 'Inf', 'NaN']);
const GROUPINGS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)/g;
const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;

/** Every metric that an expression names, with the labels that are matched. */
export function selectorsOf(expression: string): Selector[] {
  const plain = expression
    .replace(STRING, '""')
    .replace(GROUPINGS, ' ')
    .replace(/\[[^\]]*\]/g, ' ');
  return [...plain.matchAll(/(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(\(|\{[^}]*\})?/g)].flatMap(
    ([, word, next = '']) => {
      if (next === '(' || KEYWORDS.has(word)) return [];
      return {
        metric: word,
        labels: [...next.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label),
      };
    },
  );
}

/** The labels by which an expression groups or joins. */
export function groupingLabels(expression: string): string[] {
  return [...expression.replace(STRING, '""').matchAll(GROUPINGS)].flatMap(([, list]) =>
    list
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );
}

/**
 * The expressions whose series an alert compares: what stands on the sides of `and`, `or`, `unless` and of comparisons,
 * without numbers. `a > 5 and on (run) b == 1` gives `a` and `b`.
 */
export function comparedIn(expression: string): string[] {
  const parts = splitOutside(expression, /^(?:and|or|unless)\b/);
  if (parts.length > 1) {
    const [first, ...others] = parts;
    const joined = others.map((part) => part.replace(/^\s*(?:on|ignoring)\s*\([^)]*\)/, ''));
    return [first, ...joined].flatMap(comparedIn);
  }
  const sides = splitOutside(expression, /^(?:==|!=|>=|<=|>|<)(?:\s*bool\b)?/);
  if (sides.length > 1) return sides.flatMap(comparedIn);
  const bare = expression.trim();
  const inner = withoutParentheses(bare);
  if (inner !== bare) return comparedIn(inner);
  return selectorsOf(bare).length > 0 ? [bare] : [];
}

/** Pieces between what matches, outside of parentheses, braces, brackets and strings. */
function splitOutside(expression: string, separator: RegExp): string[] {
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < expression.length; at++) {
    const rest = expression.slice(at);
    const quoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/.exec(rest);
    if (quoted) {
      at += quoted[0].length - 1;
      continue;
    }
    if ('([{'.includes(expression[at])) depth += 1;
    else if (')]}'.includes(expression[at])) depth -= 1;
    const startsWord = at === 0 || !/\w/.test(expression[at - 1]);
    const found = depth === 0 && startsWord ? separator.exec(rest) : null;
    if (!found) continue;
    parts.push(expression.slice(from, at));
    from = at + found[0].length;
    at = from - 1;
  }
  return [...parts, expression.slice(from)];
}

/** Without the parentheses around it, where one pair is around all of it. */
function withoutParentheses(expression: string): string {
  if (!expression.startsWith('(')) return expression;
  let depth = 0;
  for (let at = 0; at < expression.length; at++) {
    if (expression[at] === '(') depth += 1;
    if (expression[at] === ')') depth -= 1;
    if (depth === 0) return at === expression.length - 1 ? expression.slice(1, -1) : expression;
  }
  return expression;
}
