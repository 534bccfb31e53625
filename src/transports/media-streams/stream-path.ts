// Where the streams of a carrier come to.
import type { StreamCarrier } from './dialect.ts';

export function streamPath(carrier: StreamCarrier): string {
  return `/v1/realtime/${carrier}`;
}
