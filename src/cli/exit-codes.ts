// With which code the server's process ends. 128 and more are signals'.

export const exitCodes = {
  /** It was told to go. */
  left: 0,
  /** It could not start, or was told to go by one signal too many. */
  failed: 1,
  /** A setting cannot be used. */
  configuration: 2,
  /** A fault of ours that nobody caught. */
  fault: 70,
  /** The main loop stood still for too long. */
  stalled: 75,
} as const;
