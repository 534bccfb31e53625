// With what a session is closed when the server ends it: the reason that the server's signal carries.

export class Parting {
  /** A WebSocket close code. */
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string) {
    this.code = code;
    this.reason = reason;
  }
}

/** The server goes, and another may be there in its place. */
export const goingAway = new Parting(1001, 'server shutting down');
/** Something went wrong that was nobody's but ours. */
export const broken = new Parting(1011, 'internal error');

export function partingOf({ reason }: AbortSignal): Parting {
  return reason instanceof Parting ? reason : goingAway;
}
