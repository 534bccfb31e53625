// `npm run docs`: writes docs/configuration.md from the table of settings and docs/metrics.md from that of metrics. Tests hold the files against what
// this would write.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Setting, settings } from '../config-settings.ts';
import { providerSettings } from '../engines/cloud/providers.ts';
import { voiceSettings } from '../engines/cloud/voices/discover.ts';
import { table } from '../metrics/meters.ts';

export const configurationFile = fileURLToPath(new URL('../../docs/configuration.md', import.meta.url));

export function configurationPage(): string {
  const row = ({ name, description, fallback }: Setting) => `| \`${name}\` | ${description} | ${fallback} |`;
  return `${[
    '# Configuration',
    '',
    'Every setting is an environment variable. A JSON file (`parley.json` in the working directory, or the file that `PARLEY_CONFIG` names)',
    'may hold the same names; the environment wins. A setting that cannot be used stops the start with a sentence that names it.',
    'This page is made from `src/config-settings.ts`, `src/engines/cloud/providers.ts` and `src/engines/cloud/voices/discover.ts` by `npm run docs`.',
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
    '',
    '## Voices of services',
    '',
    'Any of these configures a service, and so do the keys of OpenAI and Groq above ([providers.md](providers.md#voices)).',
    '',
    '| setting | what it is |',
    '| --- | --- |',
    ...voiceSettings.map(({ name, description }) => `| \`${name}\` | ${description} |`),
  ].join('\n')}\n`;
}

const metricsFile = fileURLToPath(new URL('../../docs/metrics.md', import.meta.url));

export function metricsPage(): string {
  const row = ([name, { type, labels, meaning }]: [string, (typeof table)[keyof typeof table]]) =>
    `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${meaning} |`;
  return `${[
    '# Metrics',
    '',
    'What `/metrics` tells Prometheus. It is on the port of the server, for those that send an API key (`Authorization: Bearer <key>`, for Prometheus',
    '`authorization: { credentials: <key> }`). Only where `PARLEY_API_KEY` is not set, programs on this machine that come through no proxy that shows itself need none.',
    '`PARLEY_METRICS_PORT=9464` (or `10.0.0.5:9464`) moves it to a port of its own, where nobody needs a key; `PARLEY_METRICS=off` does without.',
    '[deploy/grafana/parley.json](../deploy/grafana/parley.json) is a board for Grafana.',
    '',
    'Labels come from short lists: no session, key or name that a client chose is among them. Latencies are measured in the server; what the network adds is not in',
    'them, and what a client that sends faster than real time would confuse is counted from when its sound arrived. This page is made from',
    '`src/metrics/meters.ts` by `npm run docs`.',
    '',
    '| metric | type | labels | what it is |',
    '| --- | --- | --- | --- |',
    ...Object.entries(table).map(row),
  ].join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(configurationFile, configurationPage());
  writeFileSync(metricsFile, metricsPage());
}
