import type { HttpAnswer } from '@rocinante/http';
import { policyOfStyle } from './page-headers.js';

const STYLE = `
:root { color-scheme: light dark; --ground: #f6f6f3; --card: #fff; --ink: #1d1f21; --soft: #5b5f63; --line: #d9d9d3; --accent: #1f5fbf; --on-accent: #fff; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #131517; --card: #1b1e21; --ink: #e7e6e1; --soft: #a2a7ab; --line: #33383c; --accent: #8ab4f8; --on-accent: #10233f; --bad: #f2938c; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 16px; background: var(--ground); color: var(--ink); font: 15px/1.5 ui-sans-serif, system-ui, sans-serif; }
main { width: 100%; max-width: 380px; padding: 28px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
h1 { margin: 0 0 4px; font-size: 20px; font-weight: 650; letter-spacing: -0.01em; }
p { margin: 0 0 20px; color: var(--soft); }
label { display: block; margin-bottom: 6px; font-weight: 600; }
input, button { width: 100%; min-height: 44px; padding: 0 12px; border-radius: 6px; font: inherit; }
input { border: 1px solid var(--soft); background: var(--ground); color: var(--ink); }
button { margin-top: 16px; border: 0; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.wrong { margin: 12px 0 0; color: var(--bad); }
`;

/**
 * The page for whoever is not known: a field for a token. It is whole in itself, since nothing else is served to strangers.
 * @param wrong why the last token did not do, in one line of ours; null at first.
 */
export function loginPage(wrong: string | null): HttpAnswer {
  const alert = wrong === null ? '' : `<p class="wrong" id="wrong" role="alert">${wrong}</p>`;
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · Rocinante</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Rocinante</h1>
<p>A reader’s token shows runs; an operator’s starts and stops them.</p>
<form method="post" action="/login">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus${wrong === null ? '' : ' aria-describedby="wrong" aria-invalid="true"'}>
${alert}<button type="submit">Log in</button>
</form>
</main>
</body>
</html>
`;
  return {
    status: 401,
    contentType: 'text/html; charset=utf-8',
    body,
    headers: { 'Content-Security-Policy': policyOfStyle(STYLE) },
  };
}
