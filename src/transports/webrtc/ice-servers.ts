// STUN and TURN servers as a browser wants them, with credentials of TURN's REST convention (coturn: use-auth-secret) made for each call.
import { createHmac } from 'node:crypto';

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export interface IceOptions {
  readonly stunUrls: readonly string[];
  readonly turnUrls: readonly string[];
  /** The secret shared with the TURN server; without it TURN is offered without credentials. */
  readonly turnSecret: string | undefined;
  /** How long credentials hold. */
  readonly turnSeconds: number;
}

/** `name` tells whose credentials they are in the TURN server's log; `nowMs` is wall time. */
export function iceServers({ stunUrls, turnUrls, turnSecret, turnSeconds }: IceOptions, name: string, nowMs: number): IceServer[] {
  const stun = stunUrls.length > 0 ? [{ urls: stunUrls }] : [];
  if (turnUrls.length === 0) return stun;
  if (turnSecret === undefined) return [...stun, { urls: turnUrls }];
  const username = `${Math.floor(nowMs / 1000) + turnSeconds}:${name}`;
  return [...stun, { urls: turnUrls, username, credential: createHmac('sha1', turnSecret).update(username).digest('base64') }];
}
