// Every server event any client of this test file was told, for the check against the types of the `openai` package.

/** What a recorded event is: anything, until it is checked. */
export interface Recorded {
  readonly type: string;
}

const events: Recorded[] = [];

export function record(event: Recorded): void {
  events.push(event);
}

/** All that was recorded so far. */
export function recorded(): readonly Recorded[] {
  return events;
}
