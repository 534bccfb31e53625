// The WebSocket by which a call is listened to: `/v1/realtime/calls/{id}/listen`, for those with an API key. Its caller and its agent do not notice.
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { LoopShares } from '../../lib/loop-shares.ts';
import type { Upgrade, Visitor } from '../websocket/door.ts';
import { openRawSockets } from '../websocket/raw-sockets.ts';
import { CallListener } from './call-listener.ts';
import type { Calls } from './calls.ts';

/** A listener has nothing to say. */
const mostFrameBytes = 1024;
const path = /^\/v1\/realtime\/calls\/([^/]+)\/listen$/;

export interface ListenDoor {
  /** Who answers at that path, if it is one of a call's; for the WebSocket door's `keyed`. */
  at(pathname: string): ((upgrade: Upgrade, visitor: Visitor) => void) | undefined;
  close(): void;
}

export function openListenDoor({ calls, clock, log, shares }: { calls: Calls; clock: Clock; log: Log; shares: LoopShares }): ListenDoor {
  const sockets = openRawSockets({ clock, shares, owner: 'listeners', mostFrameBytes, subprotocol: 'realtime' });

  function answer(callId: string, { request, socket, head, refuse }: Upgrade, { keyId, credential }: Visitor): void {
    // A page may have a secret: it is for the page's own sound, and not for that of others.
    if (credential === 'secret') return refuse(403, 'key_needed', 'Calls are listened to with an API key, not with an ephemeral secret.');
    const sound = calls.find(callId, keyId)?.monitor.sound;
    if (!sound) return refuse(404, 'call_not_found', `There is no call '${callId.slice(0, 128)}' that has been answered.`);
    if (!sound.hasRoom) return refuse(429, 'too_many_listeners', 'As many listen to this call already as can.');
    sockets.accept(request, socket, head, (raw) => {
      const listener = new CallListener({
        socket: raw,
        clock,
        callId,
        sound,
        onEnd: (why) => raw.close(why === 'over' ? 1000 : 1001, why === 'over' ? 'call ended' : 'nothing is heard of the listener'),
      });
      log.info({ call: callId, by: keyId }, 'somebody listens to a call');
      return {
        onFrame() {},
        onPong: (mark) => listener.read(mark),
        onClose: () => listener.close(),
      };
    });
  }

  return {
    at(pathname) {
      const [, callId] = path.exec(pathname) ?? [];
      return callId === undefined ? undefined : (upgrade, visitor) => answer(callId, upgrade, visitor);
    },
    close: () => sockets.close(),
  };
}
