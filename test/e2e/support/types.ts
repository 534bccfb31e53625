// Holds what the clients of one test file were told against the event types of the `openai` package.
import { expect, test } from 'vitest';
import { compilerFaults } from '../../decoders/typescript/faults.ts';
import { type Recorded, recorded, type Spoken } from './recorder.ts';

/** Events of Inworld's that the package has no types for. They go to clients of Inworld's path, and to those that ask for them. */
const inworldOnly = /^(response\.backchannel\.|input_audio_buffer\.turn_suggestion)/;

/** What the compiler has to say against these events: one line for each that does not fit. */
export async function typeFaults(events: readonly Recorded[], spoken: Spoken = 'ga'): Promise<string[]> {
  const known = distinct(events.filter(({ type }) => !inworldOnly.test(type)));
  const faults = await compilerFaults(known, spoken);
  return faults.map(({ index, reason }) => `${reason} in ${JSON.stringify(known[index] ?? 'the prologue')}`);
}

/** The last test of a file of end-to-end tests: whatever its clients were told has the types that clients compile against. */
export function testTypes(...dialects: Spoken[]): void {
  test.each<Spoken>(dialects.length === 0 ? ['ga'] : dialects)(
    'every event that was sent in these tests fits the types of the openai package, its %s ones',
    async (spoken) => {
      expect(recorded(spoken).length).toBeGreaterThan(0);
      expect(await typeFaults(recorded(spoken), spoken)).toEqual([]);
    },
  );
}

/** One of each kind: ids, measures and free text make no difference to a type. */
function distinct(events: readonly Recorded[]): Recorded[] {
  const kinds = new Map<string, Recorded>();
  for (const event of events) {
    const kind = JSON.stringify(event, (key, value: unknown) => {
      if (typeof value === 'number' && key !== 'rate') return 'number';
      return typeof value === 'string' && (freeText.has(key) || /^[a-z]+_\w{21}$/.test(value)) ? 'string' : value;
    });
    if (!kinds.has(kind)) kinds.set(kind, shortened(event));
  }
  return [...kinds.values()];
}

const freeText = new Set(['delta', 'transcript', 'text', 'arguments', 'output', 'audio', 'message', 'call_id', 'item_id', 'event_id']);

/** Sound is long and says nothing. */
function shortened(event: Recorded): Recorded {
  return JSON.parse(
    JSON.stringify(event, (_key, value: unknown) => (typeof value === 'string' && value.length > 400 ? value.slice(0, 40) : value)),
  ) as Recorded;
}
