// `npm run docs`: writes docs/configuration.md from the table of settings. A test holds the file against what this would write.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Setting, settings } from '../config-settings.ts';
import { providerSettings } from '../engines/cloud/providers.ts';

export const configurationFile = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));

export function configurationPage(): string {
  const row = ({ name, description, fallback }: Setting) => `| \`${name}\` | ${description} | ${fallback} |`;
  return `${[
    '# Configuration',
    '',
    'Every setting is an environment variable. A JSON file (`parley.json` in the working directory, or the file that `PARLEY_CONFIG` names)',
    'may hold the same names; the environment wins. A setting that cannot be used stops the start with a sentence that names it.',
    'This page is made from `src/config.ts` and `src/engines/cloud/providers.ts` by `npm run docs`.',
    '',
    '## The server',
    '',
    '| setting | what it is | when it is not set |',
    '| --- | --- | --- |',
    ...settings.map(row),
    '',
    '## Language models',
    '',
    'Any of these configures a provider. With none, a model server on this machine (Ollama, llama.cpp, LM Studio, vLLM) is found by itself;',
    'without one of those either, the embedded offline assistant answers every model id.',
    '',
    '| setting | what it is |',
    '| --- | --- |',
    ...providerSettings.map(({ name, description }) => `| \`${name}\` | ${description} |`),
  ].join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(configurationFile, configurationPage());
