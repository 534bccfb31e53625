// Inworld's extras (protocol 7.6). A session keeps and echoes them as they came; here they are read, in either spelling of the keys.
import { z } from 'zod';
import { isRecord } from '../json.ts';
import { memory } from './memory.ts';
import { metadata, promptVariables, userId } from './identity.ts';
import { textGeneration } from './text-generation.ts';
import { fallback } from './fallback.ts';
import { stt } from './stt.ts';
import { tts } from './tts.ts';
import { backchannel } from './backchannel.ts';
import { responsiveness } from './responsiveness.ts';
import { fieldName, isMapName } from './names.ts';

/** What is known of them, a schema for each section. Every field is optional: `null` and absence mean the section's own default. */
const sections = {
  auto_tool_response: z.boolean(),
  memory,
  user_id: userId,
  metadata,
  prompt_variables: promptVariables,
  text_generation_config: textGeneration,
  stt,
  tts,
  backchannel,
  responsiveness,
  fallback,
} as const;

type Sections = typeof sections;
export type ProviderData = { [K in keyof Sections]?: z.infer<Sections[K]> | undefined };

/** The sections of a whole `providerData`, each undefined where nothing is said. It has been accepted before, so that it can be read. */
export function readProviderData(data: Readonly<Record<string, unknown>> | undefined): ProviderData {
  if (!data) return {};
  let read = known.get(data);
  if (!read) {
    read = knownProviderData.parse(canonical(data));
    known.set(data, read);
  }
  return read;
}

/** What was read before: the session asks at every step, and a session's data is replaced when it changes, never written into. */
const known = new WeakMap<object, ProviderData>();

/** All of it, each section and field optional. */
export const knownProviderData = z.object(sections).partial();

/** A client's patch of it: checked, and passed on as it came. Unknown keys are left alone. */
export const providerData = z.record(z.string(), z.unknown()).superRefine((data, context) => {
  const parsed = knownProviderData.safeParse(canonical(data), { reportInput: true });
  if (parsed.success) return;
  for (const issue of parsed.error.issues) context.addIssue({ ...issue, code: 'custom', path: issue.path, message: issue.message });
});

/** What is wrong with a whole, though each patch of it was right: a map may have grown too large. Undefined: it can be read. */
export function providerDataFault(data: Readonly<Record<string, unknown>>): { path: string; message: string } | undefined {
  const [issue] = knownProviderData.safeParse(canonical(data)).error?.issues ?? [];
  return issue && { path: issue.path.join('.'), message: issue.message };
}

/** Keys in snake_case at every depth (conflict C43); without those that are null. */
function canonical(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((inner) => canonical(inner));
  if (!isRecord(value)) return value;
  const pairs = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  if (isMap) return Object.fromEntries(pairs);
  return Object.fromEntries(
    pairs.map(([key, inner]) => {
      const name = fieldName(key);
      return [name, canonical(inner, isMapName(name))];
    }),
  );
}
