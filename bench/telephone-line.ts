// What a telephone line is to the benchmark's callers, whoever carries it.
import type { Material } from './frames.ts';

/** All that is told is told at `nowMs` of this process's clock. */
export interface LineEvents {
  /**
   * Sound came. `atMs` is where it lies on the line's own timeline: by its RTP timestamps, or by when the provider plays it.
   * `place`: its number among the packets, where they have one.
   */
  onSound(
    sound: { readonly isLoud: boolean; readonly atMs: number; readonly lengthMs: number; readonly place?: number },
    nowMs: number,
  ): void;
  /** What waits to be played was to be thrown away. */
  onClear(nowMs: number): void;
  /** It ended without having been hung up here, or was sent what it does not understand. */
  onFault(what: string): void;
}

export interface Line {
  /** From the call to its answer. */
  readonly setUpMs: number;
  /** One frame of the lines' material. */
  send(frame: Buffer): void;
  hangUp(): void;
}

export interface Lines {
  readonly material: Material;
  /** Calls as that name, which its session has as its instructions; resolves when it is answered. @throws Error when it is not. */
  call(name: string, events: LineEvents): Promise<Line>;
  close(): Promise<void>;
}

export const transports = ['pcmu', 'srtp', 'opus', 'twilio'] as const;
export type TransportName = (typeof transports)[number];
