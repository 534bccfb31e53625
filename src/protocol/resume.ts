// How a client says that it comes back to a session whose connection was lost: Parley's own, over WebSockets and for calls alike.

/** As Node gives them: names in lower case. */
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `played`: how much of an item's sound it has played, if it says so. The token never stands in an address: those are logged. */
export interface ResumeWish {
  readonly session: string;
  readonly token: string | undefined;
  readonly lastEvent: string | undefined;
  readonly played: { readonly item: string; readonly ms: number } | undefined;
}

const tokenHeader = 'parley-resume-token';
/** For pages, which can send no header with a WebSocket. */
const tokenProtocol = 'parley-resume.';

/** Undefined: it comes for the first time. */
export function resumeWishOf(query: URLSearchParams, headers: Headers): ResumeWish | undefined {
  const session = query.get('resume');
  if (session === null) return undefined;
  const offered = [headers['sec-websocket-protocol'] ?? []].flat().flatMap((names) => names.split(',').map((name) => name.trim()));
  const inProtocol = offered.find((name) => name.startsWith(tokenProtocol))?.slice(tokenProtocol.length);
  const inHeader = [headers[tokenHeader] ?? []].flat()[0];
  const item = query.get('played_item');
  const ms = Number(query.get('played_ms') ?? Number.NaN);
  return {
    session,
    token: inHeader ?? inProtocol,
    lastEvent: query.get('last_event') ?? undefined,
    played: item !== null && Number.isFinite(ms) && ms >= 0 ? { item, ms } : undefined,
  };
}

/** Why nobody comes back that way, as HTTP says it. */
export interface ResumeRefusal {
  readonly status: 400 | 403 | 404 | 410;
  readonly code: 'missing_required_parameter' | 'resume_token_invalid' | 'session_not_found' | 'resume_gap';
  readonly message: string;
}

export const resumeRefusals = {
  noLastEvent: {
    status: 400,
    code: 'missing_required_parameter',
    message: "Missing required parameter: 'last_event', the id of the last event that was seen.",
  },
  /** The same for a session of another key: whose sessions there are is nobody's business. */
  unknown: { status: 404, code: 'session_not_found', message: 'There is no such session that could be resumed. Connect without resume.' },
  token: {
    status: 403,
    code: 'resume_token_invalid',
    message: 'The resume token is missing, wrong or old. The newest came with session.created or session.resumed.',
  },
  gap: {
    status: 410,
    code: 'resume_gap',
    message: 'More has happened since that event than is kept, or it was never sent. Connect without resume.',
  },
} as const satisfies Record<string, ResumeRefusal>;
