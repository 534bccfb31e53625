// Every server event any client of this test file was told, for the check against the types of the `openai` package.

/** What a recorded event is: anything, until it is checked. */
export interface Recorded {
  readonly type: string;
}

/** What a connection speaks, and so which of the package's types its events must have. */
export type Spoken = 'ga' | 'beta';

const events: Record<Spoken, Recorded[]> = { ga: [], beta: [] };

export function record(event: Recorded, spoken: Spoken): void {
  events[spoken].push(event);
}

/** All that was recorded so far. */
export function recorded(spoken: Spoken = 'ga'): readonly Recorded[] {
  return events[spoken];
}
