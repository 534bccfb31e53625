// `npm run router`: the routers in the folder, and what is wrong with them; `-- --try request.json`: what one would do with a request. No model is asked, and
// no server need run.
import { readFileSync } from 'node:fs';
import { type Config, readConfig } from '../config.ts';
import { ConfigError } from '../config-given.ts';
import { pick, rows } from '../engines/catalogue.ts';
import { configuredProviders, ownerOfBareModel } from '../engines/cloud/providers.ts';
import { type EngineEnvironment, type Llm, noModels } from '../engines/engine.ts';
import { ModelHealth } from '../engines/routing/health.ts';
import { LlmIds, type LlmProvider } from '../engines/routing/llm-ids.ts';
import { modelDirectory } from '../engines/routing/model-directory.ts';
import { SmartRoutes } from '../engines/routing/smart/smart-routes.ts';
import type { Trial } from '../engines/routing/smart/trial.ts';
import { Refusal } from '../http/routes/family.ts';
import { systemClock } from '../lib/clock.ts';
import { randomInteger } from '../lib/ids.ts';
import { type Log, silentLog } from '../lib/log.ts';
import { type OpenRouterDesk, openRouterDesk } from '../router-desk.ts';
import { describeOptions, parseArguments, UsageError } from './arguments.ts';

const options = {
  try: { kind: 'text', value: 'FILE', help: 'a request: a body of POST /v1/chat/completions or /v1/responses, or {"session": …}' },
  router: { kind: 'text', value: 'FILE', help: 'try this router instead of the one that the request names' },
  json: { kind: 'flag', help: 'say it in JSON' },
  help: { kind: 'flag', help: 'this text' },
} as const;

const usage = `npm run router                               lists the routers, and what is wrong with their files
npm run router -- --try request.json         says what a router would do with a request, and why; no model is asked

Ends with 0 when all is well, with 1 when a file cannot be used or no model would be asked, and with 2 when it was asked for something that cannot be done.
`;

/** Runs one command; its exit code. @throws UsageError, or an Error whose message is for people. */
export async function runRouter(
  argv: readonly string[],
  config: Pick<Config, 'routersDir' | 'settings' | 'engines' | 'aliases' | 'dataDir'>,
  say: (line: string) => void,
): Promise<number> {
  const { values, order } = parseArguments(argv, options);
  if (values.help) {
    say(`${usage}\n${describeOptions(options)}`);
    return 0;
  }
  if (order.length > 0 || (values.try === undefined && values.router !== undefined)) throw new UsageError(usage);
  const problems: string[] = [];
  const { desk, routes, providers } = await open(config, problems);
  try {
    if (values.try !== undefined) return trial(desk, values, providers, say);
    for (const id of routes.ids) say(`${id}${warningsOf(routes, id)}`);
    if (routes.ids.length === 0 && problems.length === 0) say(`There are no routers in ${config.routersDir}.`);
    for (const problem of problems) say(`Wrong: ${problem}`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    await desk.close();
  }
}

function trial(
  desk: OpenRouterDesk,
  files: { readonly try: string | undefined; readonly router: string | undefined; readonly json: boolean },
  providers: readonly LlmProvider[],
  say: (line: string) => void,
): number {
  const router = files.router === undefined ? undefined : readJsonFile(files.router);
  let found: Trial;
  try {
    found = desk.try({ router, request: readJsonFile(files.try ?? '') }) as Trial;
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(error.message);
    throw error;
  }
  if (files.json) say(JSON.stringify(found, undefined, 2));
  else for (const line of told(found, providers)) say(line);
  return found.error === undefined ? 0 : 1;
}

function* told(
  { router, why, models, generation, messages, warnings, error }: Trial,
  providers: readonly LlmProvider[],
): Generator<string> {
  yield `inworld/${router}`;
  yield '';
  yield* why;
  for (const warning of warnings) yield `Note: ${warning}`;
  if (providers.length === 0)
    yield 'Note: no provider is configured here; the offline assistant would stand for every model, unless a model server is found at the start.';
  yield '';
  for (const [index, { model, rests_ms: _, ...figures }] of models.entries()) {
    const known = Object.entries(figures).map(([metric, figure]) => `${metric} ${figure}`);
    yield `${index + 1}. ${model}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
  }
  if (generation && Object.keys(generation).length > 0) yield `Settings: ${JSON.stringify(generation)}`;
  for (const message of messages) yield `Message: ${JSON.stringify(message)}`;
  if (error !== undefined) yield `No model would be asked: ${error}`;
}

function warningsOf(routes: SmartRoutes, id: string): string {
  const read = routes.get(id.replace('inworld/', ''));
  const warnings = [...(read?.unread ?? []), ...(read?.unserved ?? [])].map(({ field, message }) => `\n  Note: ${field} ${message}.`);
  return warnings.join('');
}

function readJsonFile(path: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function open(config: Parameters<typeof runRouter>[1], problems: string[]) {
  const { dataDir, settings } = config;
  const environment: EngineEnvironment = { dataDir, settings, log: silentLog, clock: systemClock, models: noModels };
  const configured = config.engines.llm === 'scripted' ? [] : configuredProviders(environment);
  const providers: LlmProvider[] = configured.map((provider) => ({
    ...provider,
    name: provider.llm.info.name,
    once: provider.llm,
    models: [],
  }));
  const log: Log = {
    ...silentLog,
    error(fields) {
      const { file, why, err } = fields as { file?: string; why?: string; err?: unknown };
      problems.push(file === undefined ? String(err) : `${file}: ${why}`);
    },
  };
  const minds = new LlmIds({
    house: pick<Llm>(rows.llm, config.engines.llm).create(environment),
    providers: () => providers,
    aliases: config.aliases,
    ownerOfBareModel,
    router: () => undefined,
  });
  const routes = new SmartRoutes({
    directory: modelDirectory(minds, () => providers),
    asking: { clock: systemClock, log: silentLog, health: new ModelHealth(systemClock) },
    chance: () => randomInteger(2 ** 32) / 2 ** 32,
  });
  const desk = await openRouterDesk({ folder: config.routersDir, routes, clock: systemClock, log });
  return { desk, routes, providers };
}

if (import.meta.main) {
  try {
    // Only the routers matter here: settings that would stop a server must not keep anyone from trying one.
    const config = readConfig({ ...process.env, HOST: '127.0.0.1' }, process.cwd());
    process.exitCode = await runRouter(process.argv.slice(2), config, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
  }
}
