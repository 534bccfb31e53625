// Asides: short things said beside the answer (backchannels and fillers). A small model may be asked for the words, a voice speaks them,
// and their sound comes whole: an aside is heard altogether or not at all.

/** An aside on its way: at the latest at `deadlineAtMs` it is there or given up. */
export type Making =
  | { state: 'none' }
  | { state: 'asking'; aside: string; deadlineAtMs: number }
  | { state: 'voicing'; aside: string; text: string; deadlineAtMs: number };

export const nothing: Making = { state: 'none' };
