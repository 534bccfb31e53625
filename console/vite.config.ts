// Builds the console into dist/console: one page, one script, one style sheet, two audio worklets, all of them files of our own origin.
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  // The only JSX is Preact's; its runtime is imported where it is used, without a plugin.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // Everything stays a file: the page's Content-Security-Policy knows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
});
