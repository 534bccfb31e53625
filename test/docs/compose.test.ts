// The compose files, held against the code and against each other: nobody has Docker here to run them.
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { earTable } from '../../src/engines/cloud/ears/rows.ts';
import { providerTable } from '../../src/engines/cloud/provider-table.ts';
import { serviceSettings } from '../../src/engines/cloud/service-settings.ts';
import { voiceRows } from '../../src/engines/cloud/voices/rows.ts';
import { paths, read } from './pages.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly stop_grace_period?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Composition {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes?: Readonly<Record<string, null>>;
}

const folder = 'deploy/compose';
const files = paths(`${folder}/*.yaml`);
const compositions = new Map(files.map((path) => [basename(path), parse(read(path)) as Composition]));
const base = compositions.get('compose.yaml') as Composition;
const all = [...compositions.values()];
const defaults = new Map(
  [...read('docs/configuration.md').matchAll(/^\| `(\w+)` \|.*\| (.+) \|$/gm)].map(([, name, value]) => [name, value]),
);
const rows = [...providerTable, ...earTable, ...voiceRows];

test('there are three, each of which has a service more', () => {
  expect([...compositions.keys()]).toEqual(['compose.kokoro.yaml', 'compose.speaches.yaml', 'compose.yaml']);
  expect(Object.keys(base.services)).toEqual(['parley', 'ollama', 'ollama-model']);
  expect(all.flatMap(({ services }) => Object.keys(services)).filter((name) => name !== 'parley')).toEqual([
    'kokoro',
    'speaches',
    'ollama',
    'ollama-model',
  ]);
});

test("every setting of Parley's is one, and the services it names are known by their rows", () => {
  const settings = Object.assign({}, ...all.map(({ services }) => services['parley']?.environment)) as Record<string, string>;
  const known = new Set([...defaults.keys(), ...serviceSettings.map(({ name }) => name)]);
  expect(Object.keys(settings).filter((name) => !known.has(name))).toEqual([]);
  expect(earTable.map(({ prefix }) => prefix)).toContain(settings['PARLEY_STT']);
  const speakers = all.flatMap(({ services }) => services['parley']?.environment?.['PARLEY_TTS'] ?? []);
  expect(voiceRows.map(({ prefix }) => prefix)).toEqual(expect.arrayContaining(speakers));
  expect(speakers).toEqual(['kokoro-fastapi', 'speaches']);
});

test('Parley reaches each server at its service, under the port and the path of its row, when it is ready', () => {
  let reached = 0;
  for (const { services } of all) {
    const { environment = {}, depends_on: awaited = {} } = services['parley'] as Service;
    for (const [setting, address] of Object.entries(environment).filter(([name]) => name.endsWith('_BASE_URL'))) {
      const { hostname, port, pathname } = new URL(address);
      const usual = rows.filter(({ settings }) => `${settings}_BASE_URL` === setting).map(({ baseUrl }) => new URL(baseUrl));
      expect(usual.length).toBeGreaterThan(0);
      for (const row of usual) expect([port, pathname]).toEqual([row.port, row.pathname]);
      expect(services[hostname]?.healthcheck).toBeDefined();
      expect(Object.keys(awaited).some((name) => name === hostname || services[name]?.depends_on?.[hostname])).toBe(true);
      reached += 1;
    }
  }
  expect(reached).toBe(3);
});

test('whoever is waited for until healthy says how that is seen', () => {
  const awaited = all.flatMap(({ services }) =>
    Object.values(services).flatMap(({ depends_on: others = {} }) =>
      Object.entries(others).flatMap(([name, { condition }]) => (condition === 'service_healthy' ? [services[name]] : [])),
    ),
  );
  expect(awaited.map((service) => service?.healthcheck?.test[0])).toEqual(['CMD', 'CMD', 'CMD']);
  expect(base.services['parley']?.healthcheck?.test.join(' ')).toContain('/readyz');
});

test('every image has a tag, every volume is declared where it is used', () => {
  for (const { services, volumes = {} } of all) {
    const named = Object.values(services).flatMap(({ volumes: used = [] }) => used.map((each) => each.split(':', 1)[0]));
    expect(new Set(named)).toEqual(new Set(Object.keys(volumes)));
  }
  const images = all.flatMap(({ services }) => Object.values(services).flatMap(({ image }) => image ?? []));
  expect(images.filter((image) => !/^[\w./-]+:[\w.${}:-]+$/.test(image))).toEqual([]);
  expect(images).toHaveLength(4);
});

test('Docker waits longer for the end than answers are waited for, and starts the server as the unit does', () => {
  expect(Number.parseInt(base.services['parley']?.stop_grace_period ?? '', 10)).toBeGreaterThan(
    Number(defaults.get('PARLEY_DRAIN_SECONDS')),
  );
  const { context, dockerfile } = base.services['parley']?.build ?? { context: '', dockerfile: '' };
  expect([context, dockerfile]).toEqual(['../..', `${folder}/Dockerfile`]);
  const image = read(dockerfile);
  const [, command] = /^CMD (\[.*\])$/m.exec(image) ?? [];
  const [, start] = /^ExecStart=\/opt\/parley\/(.*)$/m.exec(read('deploy/systemd/parley.service')) ?? [];
  expect((JSON.parse(command ?? '[]') as string[]).join(' ')).toBe(start);
  expect([...image.matchAll(/\b(PARLEY_\w+|HOST)=/g)].filter(([, name]) => !defaults.has(name))).toEqual([]);
});

test('the example of .env has every variable that the files take, with the value that it has by itself', () => {
  const taken = new Map<string, string>();
  for (const path of files)
    for (const [, name = '', value] of read(path).matchAll(/\$\{(\w+)(?::-([^}]*))?/g)) taken.set(name, value ?? '');
  const told = [...read(`${folder}/.env.example`).matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  expect(told.filter(([name]) => name !== 'COMPOSE_FILE')).toEqual([...taken].sort(([a], [b]) => order(a) - order(b)));
  const used = told.find(([name]) => name === 'COMPOSE_FILE')?.[1]?.split(':') ?? [];
  expect(used).toEqual(['compose.yaml', 'compose.speaches.yaml', 'compose.kokoro.yaml']);

  function order(name: string): number {
    return told.findIndex(([each]) => each === name);
  }
});
