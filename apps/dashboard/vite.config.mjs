// @ts-check
// The live page's build: files of its own for script and style, since its policy allows nothing within the page.
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  build: {
    outDir: 'dist/page',
    emptyOutDir: true,
    // Browsers of the last two years.
    target: 'es2022',
    // Both would bring markup or addresses that the policy refuses.
    modulePreload: false,
    assetsInlineLimit: 0,
  },
});
