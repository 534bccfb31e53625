/** The sound of calls whose packets are handled in a worker, in both directions: 16-bit mono at this rate. */
export const CALL_RATE_HZ = 24_000;
/** Of sound in one packet, and the distance of two ticks of the clock that sends them. */
export const FRAME_MS = 20;
