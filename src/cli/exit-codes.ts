// With which code the server's process ends. 128 and more are signals'.

export const exitCodes = {
  /** It was told to go, or has said what it was asked. */
  left: 0,
  /** It could not start, was told to go by one signal too many, or `--check` found something wrong. */
  failed: 1,
  /** A setting or an argument cannot be used. */
  configuration: 2,
  /** A fault of ours that nobody caught. */
  fault: 70,
  /** The main loop stood still for too long. */
  stalled: 75,
} as const;
