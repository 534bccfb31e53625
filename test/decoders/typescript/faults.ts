// Holds events against the event types of the `openai` package, with the compiler itself as the judge.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../../..');

/** What a connection speaks, and so which of the package's types its events must have. */
type Dialect = 'ga' | 'beta';

/** An event as it was sent. */
interface ServerWords {
  readonly type: string;
}

/**
 * All there is of difference. The package writes "may be absent" where OpenAI's own service, and the documents this server follows,
 * send `null`: a `null` at one of these paths is taken for absent. Anything else must fit as it was sent.
 */
const nullMeansAbsent: readonly { events: RegExp; path: string; why: string; only?: Dialect }[] = [
  { events: /^session\./, path: 'session.reasoning', why: 'no effort was asked for' },
  { events: /^session\./, path: 'session.include', why: 'the service sends null for none' },
  {
    events: /^session\./,
    path: 'session.audio.input.noise_reduction',
    why: 'null is how a client turns it off, so null is what is echoed',
  },
  { events: /^session\./, path: 'session.audio.input.transcription', why: 'null is how a client turns it off, so null is what is echoed' },
  { events: /^response\.(created|done)$/, path: 'response.status_details', why: 'the service sends null until there is one' },
  { events: /^response\.(created|done)$/, path: 'response.usage', why: 'the service sends null until there is one' },
  { events: /^response\.(created|done)$/, path: 'response.conversation_id', why: 'an out-of-band response belongs to none' },
  { events: /\.input_audio_transcription\.failed$/, path: 'error.param', why: 'no parameter is at fault; the service sends null' },
  { events: /^conversation\.item\./, path: 'item.content.*.transcript', why: 'the words are not known yet' },
  ...['input_audio_transcription', 'input_audio_noise_reduction', 'turn_detection', 'tracing'].map((key) => ({
    events: /^(transcription_)?session\./,
    path: `session.${key}`,
    why: 'null is how a client turns it off, so null is what is echoed',
    only: 'beta' as const,
  })),
];

/** The package's type of a beta transcription session is that of the HTTP route that mints a secret; on a connection there is none to tell. */
function withMintedSecret(event: ServerWords, dialect: Dialect): unknown {
  const copy = withoutNulls(event, dialect);
  if (dialect !== 'beta' || event.type !== 'transcription_session.updated') return copy;
  const { id: _, object: __, expires_at: ___, ...session } = (copy as { session: Record<string, unknown> }).session;
  return { ...(copy as object), session: { ...session, client_secret: { value: 'ek', expires_at: 0 } } };
}

/** What the compiler has to say against these events: for each that does not fit, its place among them and why. */
export async function compilerFaults(events: readonly ServerWords[], dialect: Dialect): Promise<{ index: number; reason: string }[]> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-types-'));
  try {
    // These two end a line of TypeScript, though not one of JSON.
    const lines = events.map((event) =>
      JSON.stringify(withMintedSecret(event, dialect)).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029'),
    );
    await writeFile(join(folder, 'events.ts'), `${prologue(dialect)}${lines.map((line) => `check(${line});\n`).join('')}`);
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(compilation));
    const complaints = await compile(folder);
    const before = prologue(dialect).split('\n').length;
    return complaints.map(({ line, message }) => ({ index: line - before, reason: message }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const declarations: Readonly<Record<Dialect, string>> = {
  ga: 'openai/resources/realtime/realtime.mjs',
  beta: 'openai/resources/beta/realtime/realtime.mjs',
};

const prologue = (
  dialect: Dialect,
) => `import type { RealtimeServerEvent } from ${JSON.stringify(join(repository, 'node_modules', declarations[dialect]))};
type DeepReadonly<T> = T extends (infer E)[] ? readonly DeepReadonly<E>[] : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
declare function check<const T extends DeepReadonly<RealtimeServerEvent>>(event: T): void;
`;

const compilation = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  },
  files: ['events.ts'],
};

function compile(folder: string): Promise<{ line: number; message: string }[]> {
  return new Promise((resolve, reject) => {
    execFile(
      join(repository, 'node_modules/.bin/tsc'),
      ['-p', folder, '--pretty', 'false'],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, output) => {
        const complaints = [...output.matchAll(/^[^(\n]*events\.ts\((\d+),\d+\): error (.*(?:\n {2,}.*)*)/gm)];
        if (error && complaints.length === 0) reject(new Error(`The compiler failed: ${output}`, { cause: error }));
        else resolve(complaints.map((match) => ({ line: Number(match[1]), message: String(match[2]).replace(/\s+/g, ' ') })));
      },
    );
  });
}

function withoutNulls(event: ServerWords, dialect: Dialect): unknown {
  const copy: unknown = structuredClone(event);
  for (const { events, path, only } of nullMeansAbsent) {
    if (events.test(event.type) && (only ?? dialect) === dialect) dropNull(copy, path.split('.'));
  }
  return copy;
}

function dropNull(at: unknown, [key = '', ...rest]: string[]): void {
  if (typeof at !== 'object' || at === null) return;
  const holder = at as Record<string, unknown>;
  if (key === '*') for (const value of Object.values(holder)) dropNull(value, rest);
  else if (rest.length > 0) dropNull(holder[key], rest);
  else if (holder[key] === null) delete holder[key];
}
