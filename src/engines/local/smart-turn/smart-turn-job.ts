// What passes between smart-turn.ts and its worker.

export interface SmartTurnWorkerData {
  /** The path of the weights. */
  readonly model: string;
}

export interface Heard {
  /** How likely it is (0 to 1) that the turn is over. */
  readonly complete: number;
  readonly inferenceMs: number;
}
