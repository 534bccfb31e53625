// Null in what a client sends: it stands for a field that is not given, whatever the field, the event and the dialect. Where null has a
// meaning of its own is said in one table, which docs/protocol.md prints.
import { isRecord } from './json.ts';

/** The fields in which null says what nothing else could say, in GA's spelling, and what it says. */
export const meaningsOfNull: Readonly<Record<string, string>> = {
  'session.audio.input.noise_reduction': 'no noise reduction',
  'session.audio.input.transcription': 'no transcription',
  'session.audio.input.transcription.language': 'no language is named any more',
  'session.audio.input.transcription.prompt': 'no hint is given any more',
  'session.audio.input.transcription.keywords': 'no key terms are given any more',
  'session.audio.input.transcription.languages': 'no languages are named any more',
  'session.audio.input.transcription.delay': 'the engine’s own delay',
  'session.audio.input.turn_detection': 'no turn detection: the client commits',
  'session.audio.input.turn_detection.idle_timeout_ms': 'no idle timeout',
  'session.include': 'nothing is included',
  'session.max_output_tokens': 'no limit, as `"inf"`',
  'session.prompt': 'no stored prompt',
  'session.reasoning': 'the model’s own effort',
  'session.temperature': 'the model’s own temperature',
  'session.tracing': 'no tracing',
  'response.prompt': 'this response does without the session’s stored prompt',
};

/** What is the client's own JSON, in which null is a value like any other. `tool` and `item` stand wherever there is one. */
const clientsOwn: ReadonlySet<string> = new Set([
  'session.providerData',
  'tool.providerData',
  'session.tracing.metadata',
  'tool.parameters',
  'tool.function.parameters',
  'item.output',
]);

/** One name for what may stand in several places. */
function placeOf(path: string): string {
  if (path === 'response.input[]') return 'item';
  return path === 'session.tools[]' || path === 'response.tools[]' ? 'tool' : path;
}

/** A copy of a client's event, in GA's spelling, without the fields whose null stands for nothing. It must not be deeper than `excessOf` allows. */
export function withoutNulls(event: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return kept(event, '') as Record<string, unknown>;
}

function kept(value: unknown, path: string): unknown {
  if (clientsOwn.has(path)) return value;
  if (Array.isArray(value)) return value.map((inner) => kept(inner, placeOf(`${path}[]`)));
  // A message's content is a list; an object there is the result of a tool, in the spelling of Chat Completions.
  if (!isRecord(value) || path === 'item.content') return value;
  const pairs = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const place = path === '' ? key : `${path}.${key}`;
    return inner === null && !Object.hasOwn(meaningsOfNull, place) ? [] : [[key, kept(inner, place)]];
  });
  return Object.fromEntries(pairs);
}
