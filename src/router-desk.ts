// Routers as the HTTP routes ask for them, and the folder in which they are kept: files that an operator edits, or that the API writes.
import { defaultWorkspace } from './access/issue.ts';
import { type Fault, RouterError, sentence } from './engines/routing/smart/read-json.ts';
import { isRouterName, nameRule } from './engines/routing/smart/router-schema.ts';
import type { SmartRoutes } from './engines/routing/smart/smart-routes.ts';
import { isRecord, snakeCase } from './engines/routing/smart/spelling.ts';
import type { RouterDesk, Violation } from './http/routes/deps.ts';
import { Refusal } from './http/routes/family.ts';
import type { Clock } from './lib/clock.ts';
import type { Log } from './lib/log.ts';
import { type FileContent, JsonFolder, mostFiles } from './store/json-folder.ts';
import { readTrialRequest } from './trial-request.ts';

/** The file that is no router: what the operator says of models. */
const tableName = 'models';
/** With the table, as many files as are read. */
const mostRouters = mostFiles - 1;

type Json = Readonly<Record<string, unknown>>;

export interface RouterDeskParts {
  readonly folder: string;
  readonly routes: SmartRoutes;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OpenRouterDesk extends RouterDesk {
  /** Looks now for what has changed in the folder. Never rejects. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** Reads the folder, and goes on looking at it. A file that cannot be used is named in the log; what it was before goes on. */
export async function openRouterDesk({ folder, routes, clock, log }: RouterDeskParts): Promise<OpenRouterDesk> {
  /** What the files hold, by the names of the routers; undefined: nothing that can be read. */
  const held = new Map<string, Json | undefined>();
  /** Why a file is not used as it stands, by its name; that of the table among them. */
  const faults = new Map<string, readonly Violation[]>();

  const load = (name: string, json: Json) => {
    if (!isRouterName(name)) {
      faults.set(name, [violation({ field: '', message: 'has a name that no router may have' })]);
      return log.error({ file: `${name}.json`, why: 'no router may be called so' }, 'a router cannot be used');
    }
    try {
      const read = routes.read(json, name);
      routes.put(read);
      faults.delete(name);
      const warnings = [...read.unread, ...read.unserved].map(sentence);
      log.info({ router: `inworld/${name}`, ...(warnings.length === 0 ? {} : { warnings }) }, 'a router is ready');
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      faults.set(name, error.faults.map(violation));
      log.error({ file: `${name}.json`, why: error.message }, 'a router cannot be used');
    }
  };
  const read = (name: string, content: FileContent): Json | undefined => {
    if (content.state === 'gone') return undefined;
    const json = content.state === 'text' ? parsed(content.text) : content.problem;
    if (typeof json !== 'string') return json;
    faults.set(name, [{ field: '', description: `The file cannot be read: ${json}.` }]);
    log.error({ file: `${name}.json`, why: json }, 'a file of the routers cannot be used');
    return undefined;
  };
  /** Whether it is another from now on. */
  const loadTable = (content: FileContent): boolean => {
    const json = read(tableName, content);
    if (!json && content.state !== 'gone') return false;
    try {
      routes.useTable(json);
      faults.delete(tableName);
      return true;
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      faults.set(tableName, error.faults.map(violation));
      log.error({ file: `${tableName}.json`, why: error.message }, 'the table of models cannot be used');
      return false;
    }
  };
  const onChange = (changes: ReadonlyMap<string, FileContent>) => {
    for (const [name, content] of changes) {
      if (name === tableName) continue;
      if (content.state === 'gone') {
        held.delete(name);
        faults.delete(name);
        if (routes.get(name)) log.info({ router: `inworld/${name}` }, 'a router is gone');
        routes.remove(name);
      } else held.set(name, read(name, content));
    }
    const table = changes.get(tableName);
    // What routers sort by may have changed for all of them.
    const all = table !== undefined && loadTable(table);
    for (const [name, json] of held) if (json && (all || changes.has(name))) load(name, json);
  };
  const files = new JsonFolder(folder, {
    clock,
    onChange,
    onFault: (error) => log.error({ err: error }, 'the folder of routers cannot be read'),
  });
  await files.open();

  /** One change at a time: each is made of what the one before it has left. */
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const done = queue.then(task);
    queue = done.catch(() => {});
    return done;
  };
  const keep = async (name: string, json: Json): Promise<Json> => {
    const read = refusing(() => routes.read(json, name));
    // A file may wait for its provider; who asks for a router by the API is told.
    if (read.unserved.length > 0) throw refusal(read.unserved);
    await saved(() => files.write(name, `${JSON.stringify(json, undefined, 2)}\n`), log);
    routes.put(read);
    held.set(name, json);
    faults.delete(name);
    return presented(name, json);
  };
  const existing = (name: string): Json => {
    const json = held.get(name);
    if (!json) throw new Refusal(404, null, `there is no router '${name.slice(0, 64)}'`);
    return json;
  };

  return {
    mayChange: (by) => by.kind === 'key' && by.workspace === defaultWorkspace,
    list: () =>
      [...held.keys()].sort().flatMap((name) => {
        const json = held.get(name);
        return json ? [presented(name, json)] : [];
      }),
    folder,
    files: () =>
      [...held.keys()].sort().map((name) => {
        const json = held.get(name);
        const read = routes.get(name);
        const wrong = faults.get(name) ?? [];
        const warnings = read && wrong.length === 0 ? [...read.unread, ...read.unserved].map(violation) : [];
        return { name, ...(json ? { router: presented(name, json) } : {}), serves: read !== undefined, faults: wrong, warnings };
      }),
    tableFaults: () => faults.get(tableName) ?? [],
    get: (name) => presented(name, existing(name)),
    create: (json) =>
      inTurn(async () => {
        const name = nameOf(json);
        if (held.size >= mostRouters) throw new Refusal(429, null, `there are ${mostRouters} routers, which is as many as there may be`);
        if (held.has(name)) throw new Refusal(409, null, `there is a router '${name}' already`, 'name');
        return keep(name, { ...json, name: `routers/${name}` });
      }),
    update: (name, patch, mask) => inTurn(async () => keep(name, patched(existing(name), patch, mask))),
    remove: (name) =>
      inTurn(async () => {
        if (!held.has(name)) existing(name);
        await saved(() => files.remove(name), log);
        held.delete(name);
        faults.delete(name);
        routes.remove(name);
      }),
    try(body) {
      const { router, request } = body;
      const wanted = refusing(() => readTrialRequest(request), 'request');
      if (router !== undefined)
        return routes.try(
          refusing(() => routes.read(router, nameOf(router)), 'router'),
          wanted,
        );
      const name = (wanted.model ?? '').replace(/^inworld\//, '');
      const read = routes.get(name);
      if (!read) throw new Refusal(404, null, `there is no router '${name.slice(0, 64)}'`, 'request.model');
      return routes.try(read, wanted);
    },
    look: () => files.look(),
    close: () => files.close(),
  };
}

/** The object; in words, why it is none. */
function parsed(text: string): Json | string {
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : 'it must hold one JSON object';
  } catch (error) {
    return `it is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** `name`, or what `displayName` comes to: `User-Aware` is `user-aware`. */
function nameOf(json: Json): string {
  const { name } = json;
  const given =
    typeof name === 'string' && name !== '' ? name.replace(/^routers\//, '') : slugOf(json['displayName'] ?? json['display_name']);
  if (given === undefined) throw refusal([{ field: 'name', message: 'is missing' }]);
  if (!isRouterName(given)) throw refusal([{ field: 'name', message: `${nameRule}, and 'models' is reserved` }]);
  return given;
}

function slugOf(displayName: unknown): string | undefined {
  if (typeof displayName !== 'string') return undefined;
  const slug = displayName
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return slug === '' ? undefined : slug;
}

function presented(name: string, json: Json): Json {
  return { ...json, name: `routers/${name}` };
}

/**
 * The router with the fields that the mask names taken from the patch; one that the patch does not have is taken out. Without a mask: all that the
 * patch has.
 */
function patched(json: Json, patch: Json, mask: readonly string[] | undefined): Json {
  const paths = mask ?? Object.keys(patch).filter((key) => key !== 'name');
  return paths.reduce((before, path) => {
    const steps = path.split('.').map(snakeCase);
    if (steps[0] === 'name') throw new Refusal(400, null, 'update_mask: the name of a router cannot be changed', 'update_mask');
    return replaced(before, patch, steps, path);
  }, json);
}

function replaced(json: Json, patch: Json, [step = '', ...rest]: readonly string[], path: string): Json {
  const keyIn = (object: Json) => Object.keys(object).find((key) => snakeCase(key) === step);
  const from = keyIn(patch);
  const into = keyIn(json);
  const value = from === undefined ? undefined : patch[from];
  const others = Object.fromEntries(Object.entries(json).filter(([key]) => key !== into));
  if (rest.length === 0) return from === undefined ? others : { ...others, [from]: value };
  const inner = into === undefined ? {} : json[into];
  if (!isRecord(inner) || !(value === undefined || isRecord(value))) {
    throw new Refusal(400, null, `update_mask names '${path.slice(0, 64)}', which is no field of an object`, 'update_mask');
  }
  return { ...others, [into ?? from ?? step]: replaced(inner, value ?? {}, rest, path) };
}

function refusal(faults: readonly Fault[], within?: string): Refusal {
  const violations = faults.map(violation).map(({ field, description }) => ({ field: fieldWithin(field, within), description }));
  return new Refusal(400, null, faults.map(sentence).join(' '), violations[0]?.field ?? null, undefined, violations);
}

function fieldWithin(field: string, within: string | undefined): string {
  return [within, field].filter((each) => each !== undefined && each !== '').join('.');
}

function violation(fault: Fault): Violation {
  return { field: fault.field, description: sentence(fault) };
}

/** @param within The field of the body that is read, where it is not all of it. */
function refusing<T>(read: () => T, within?: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RouterError) throw refusal(error.faults, within);
    throw error;
  }
}

async function saved(write: () => Promise<void>, log: Log): Promise<void> {
  try {
    await write();
  } catch (error) {
    log.error({ err: error }, 'the folder of routers cannot be written');
    throw new Refusal(503, null, 'the folder of routers cannot be written');
  }
}
