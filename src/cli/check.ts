// `npm start -- --check`: what the server would start with, and what is wrong with it, without starting.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Config, configOf, knownNames } from '../config.ts';
import { ConfigError, type Environment, type Given, readGiven } from '../config-given.ts';
import { settings } from '../config-settings.ts';
import { serviceSettings } from '../engines/cloud/service-settings.ts';

export interface Checked {
  /** For the screen; no secret is among them. */
  readonly lines: readonly string[];
  /** What must be mended, one sentence each. */
  readonly wrong: readonly string[];
}

export function checkConfiguration(environment: Environment, folder: string): Checked {
  let given: Given;
  try {
    given = readGiven(environment, folder, knownNames());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { lines: [`Wrong: ${error.message}`], wrong: [error.message] };
  }
  const { config, faults } = configurationWithout(given, folder, environment);
  const wrong = [...given.unknown, ...faults, ...(config ? folderFaults(config.dataDir) : [])];
  const warnings = config?.warnings.filter((warning) => !wrong.includes(warning)) ?? [];
  return {
    lines: [
      'Parley would start with these settings:',
      '',
      ...settingLines(given, config),
      '',
      ...warnings.map((warning) => `Warning: ${warning}`),
      ...wrong.map((fault) => `Wrong: ${fault}`),
      ...(wrong.length === 0 ? ['Nothing is wrong.'] : []),
    ],
    wrong,
  };
}

/** The configuration without the settings that cannot be used, and what is wrong with those: one after the other, so that all are found. */
function configurationWithout(given: Given, folder: string, environment: Environment): { config: Config | undefined; faults: string[] } {
  const values = { ...given.values };
  const faults: string[] = [];
  for (;;) {
    try {
      return { config: configOf(values, folder, given.unknown, environment), faults };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // What would be right beside a setting that was left out here is not wrong by itself.
      const follows = error.settings.some((name) => values[name] === undefined && given.values[name] !== undefined);
      if (!follows) faults.push(error.message);
      const faulty = error.settings.filter((name) => values[name] !== undefined);
      if (faulty.length === 0) return { config: undefined, faults };
      for (const name of faulty) delete values[name];
    }
  }
}

function folderFaults(dataDir: string): string[] {
  let place = dataDir;
  while (!existsSync(place)) place = dirname(place);
  try {
    if (!statSync(place).isDirectory()) return [`PARLEY_DATA_DIR names no folder, since ${place} is a file: ${dataDir}`];
    accessSync(place, constants.W_OK | constants.X_OK);
    return [];
  } catch {
    return [`PARLEY_DATA_DIR names a folder that cannot be written: ${dataDir}`];
  }
}

/** Every setting with its value and where that comes from; of the providers' only those that are set. */
function settingLines({ values, file }: Given, config: Config | undefined): string[] {
  const resolved = config ? reckoned(config) : {};
  const rows = [
    ...settings.map(({ name, fallback, secret }) => ({ name, fallback: resolved[name] ?? fallback, secret: secret === true })),
    ...serviceSettings
      .filter(({ name }) => values[name] !== undefined)
      .map(({ name }) => ({ name, fallback: '', secret: /(?:_KEY|_TOKEN|_SECRET)$/.test(name) })),
  ];
  const width = Math.max(...rows.map(({ name }) => name.length));
  return rows.map(({ name, fallback, secret }) => {
    const value = values[name];
    if (value === undefined) return `  ${name.padEnd(width)}  ${fallback} (default)`;
    const from = file?.names.includes(name) ? file.path : 'environment';
    return `  ${name.padEnd(width)}  ${secret ? masked(value) : withoutCredentials(value)} (${from})`;
  });
}

/** Defaults that depend on other settings or on the machine. */
function reckoned(config: Config): Record<string, string> {
  return {
    PARLEY_CONSOLE: config.console,
    PARLEY_CONSOLE_HOSTS: config.consoleHosts.join(',') || 'none',
    PARLEY_DATA_DIR: config.dataDir,
    PARLEY_MAX_SESSIONS: String(config.maxSessions),
    PARLEY_MAX_CALLS: String(config.calls.most),
    PARLEY_MAX_SIP_CALLS: String(config.calls.mostSip),
    PARLEY_PROMPTS_DIR: config.promptsDir,
    PARLEY_ROUTERS_DIR: config.routersDir,
  };
}

function masked(value: string): string {
  const lengths = value.split(',').map((secret) => `${secret.trim().length} characters`);
  return lengths.length === 1 ? `set, ${lengths[0]}` : `${lengths.length} set, of ${lengths.join(', ')}`;
}

/** A user and a password in an address are a secret too. */
function withoutCredentials(value: string): string {
  return value.replace(/\/\/[^/@\s]*@/g, '//…@');
}
