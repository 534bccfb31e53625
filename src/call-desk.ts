// WebRTC calls as the HTTP routes ask for them: an offer becomes a call with a session, or the new line of a session that lost its own.
import type { CallDesk } from './http/routes/deps.ts';
import { Refusal } from './http/routes/family.ts';
import { apiOf } from './protocol/api.ts';
import { chooseDialect } from './protocol/dialects/choose.ts';
import type { CallBoard } from './call-board.ts';
import type { CallSessions } from './call-sessions.ts';
import type { Sessions } from './sessions.ts';
import { CallError, type CallEvents } from './transports/calls/call.ts';
import type { Calls } from './transports/calls/calls.ts';
import { type CallMedia, rtcSpeaker } from './transports/webrtc/media.ts';

export interface CallDeskParts {
  readonly sessions: Sessions;
  readonly callSessions: CallSessions;
  readonly calls: Calls;
  readonly board: CallBoard;
  readonly media: CallMedia;
  readonly iceServers: CallDesk['iceServers'];
}

export function openCallDesk({ sessions, callSessions, calls, board, media, iceServers }: CallDeskParts): CallDesk {
  return {
    async open({ sdp: offer, session, model, transcriptionOnly, onlyInworld, authorization, resume }, by, headers) {
      const answer = (events: CallEvents) => media.answer(offer, events);
      const secret = by.kind === 'secret' ? by : undefined;
      const dialect = chooseDialect({ headers, subprotocols: [], secretIsBeta: secret?.dialect === 'beta' });
      const request = { owner: by.keyId, carrier: 'webrtc', dialect, speaker: rtcSpeaker } as const;
      if (resume) {
        const taking = sessions.claim(resume, by.keyId);
        if ('status' in taking) throw new Refusal(taking.status, taking.code, taking.message);
        const again = { ...request, dialect: taking.dialect ?? dialect };
        const { id, call } = await calls.open(again, answer, (transport) => taking.take(transport)).catch(refuseCall);
        return { id, sdp: call.sdp, sessionId: resume.session };
      }
      const api = apiOf({ onlyInworld, credential: by.kind, authorization, beta: dialect.name === 'beta' });
      const arrival = { api, model, transcriptionOnly, sessionKey: undefined };
      const birth = callSessions.birth(arrival, rtcSpeaker, secret?.session ?? {}, session);
      const { id, call } = await callSessions.begin(request, birth, answer).catch(refuseCall);
      return { id, sdp: call.sdp, sessionId: birth.sessionId };
    },
    hangUp(id, by) {
      const call = calls.find(id, by.keyId);
      call?.close(1000, 'hung up');
      return call !== undefined;
    },
    list: ({ keyId }) => board.webrtc(keyId),
    iceServers,
  };
}

/** An offer that was not answered, as HTTP says it. */
function refuseCall(error: unknown): never {
  if (!(error instanceof CallError)) throw error;
  if (error.reason === 'rejected') throw new Refusal(400, 'invalid_offer', error.message, 'sdp');
  throw new Refusal(503, 'server_overloaded', error.message);
}
