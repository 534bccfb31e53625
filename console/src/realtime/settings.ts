// The session as the user wants it: a session.update in the making. Pure: reading, changing, and what is left to tell the server.
import { isRecord } from '../../../src/protocol/json.ts';

/** A patch of a session as the wire has it; absent fields are the server's own defaults. */
export type Settings = Readonly<Record<string, unknown>>;

/** The value at a path of keys, if there is one. */
export function at(settings: Settings, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), settings);
}

/** The same settings with one value changed; undefined takes the field away, so that the default holds. */
export function withValue(settings: Settings, path: readonly string[], value: unknown): Settings {
  const [key, ...rest] = path;
  if (key === undefined) return settings;
  const { [key]: old, ...others } = settings;
  if (rest.length === 0) return value === undefined ? others : { ...settings, [key]: value };
  const inner = withValue(isRecord(old) ? old : {}, rest, value);
  return Object.keys(inner).length === 0 ? others : { ...settings, [key]: inner };
}

/** A session.update with just this one field. */
export function patchOf(path: readonly string[], value: unknown): Settings {
  return { type: 'realtime', ...withValue({}, path, value) };
}

/** What holds now: the session the server last described, with what is only wished for over it. */
export function effective(session: Settings | undefined, settings: Settings): Settings {
  return merge(session ?? {}, settings);
}

function merge(under: Settings, over: Settings): Settings {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    result[key] = isRecord(value) && isRecord(before) ? merge(before, value) : value;
  }
  return result;
}

/** What may be kept in the browser and shown in code: everything but what opens other people's servers. */
export function withoutSecrets(settings: Settings): Settings {
  const { tools } = settings;
  if (!Array.isArray(tools)) return settings;
  return {
    ...settings,
    tools: tools.map((tool: unknown) => {
      if (!isRecord(tool) || tool.type !== 'mcp') return tool;
      const { authorization: _, headers: __, ...shown } = tool;
      return shown;
    }),
  };
}

/** Settings as they were written down, or none when they cannot be read. */
export function readSettings(text: string | null): Settings {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** A JSON object out of a text field. @throws Error with a sentence that says what is wrong. */
export function parseObject(text: string, what: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (!isRecord(value)) throw new Error(`${what} must be one JSON object, in braces.`);
  return value;
}
