// Scenarios for sipp about what comes on top of RFC 3261: reliable provisional responses (RFC 3262), UPDATE (RFC 3311) and session timers (RFC 4028).
import { acknowledgedBy, body, finds, hangsUp, head, nothing, scenario, send, to, uri } from './scenarios.ts';

const within = (method: string, number: number, text: string, headers = '') =>
  send(`${method} [next_url] SIP/2.0\n${head(`${number} ${method}`, '[routes]\n[last_To:]\n')}\n${headers}${text}`, 'retrans="500"');
const invite = (headers: string, text = body) =>
  send(`INVITE ${uri} SIP/2.0\n${head('1 INVITE', `${to}\n`)}\n${headers}${text}`, 'retrans="500"');
const provisional = '<recv response="100" optional="true"/>\n<recv response="180" optional="true"/>';
/** Who hears only need not send anything to be there. */
const listening = `${body}a=recvonly\n`;

/** A caller that requires certainty of being told that it rings. */
export const reliableRinging = scenario(
  'a caller that acknowledges the ringing',
  invite('Require: 100rel\n'),
  '<recv response="100" optional="true"/>',
  `<recv response="180" rrs="true"><action><ereg regexp="RSeq: ([0-9]+)" search_in="msg" check_it="true" assign_to="found,rseq"/></action></recv>`,
  within('PRACK', 2, nothing, 'RAck: [$rseq] 1 INVITE\n'),
  '<recv response="200"/>',
  '<recv response="200" rrs="true"/>',
  acknowledgedBy('1 ACK', nothing),
  '<pause milliseconds="200"/>',
  ...hangsUp('3 BYE'),
);

/** A caller that holds and resumes by UPDATE, and refreshes the session by one without a description. */
export const updated = scenario(
  'a caller that changes the session by UPDATE',
  invite('Supported: timer\nSession-Expires: 1800;refresher=uac\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\n'),
  provisional,
  `<recv response="200" rrs="true"><action>${finds('Session-Expires: 1800;refresher=uac')}</action></recv>`,
  acknowledgedBy('1 ACK', nothing),
  within('UPDATE', 2, `${body}a=sendonly\n`),
  `<recv response="200"><action>${finds('a=recvonly')}</action></recv>`,
  within('UPDATE', 3, `${body}a=sendrecv\n`),
  `<recv response="200"><action>${finds('a=sendrecv')}</action></recv>`,
  within('UPDATE', 4, nothing, 'Supported: timer\nSession-Expires: 1800;refresher=uac\n'),
  `<recv response="200"><action>${finds('Session-Expires: 1800;refresher=uac')}</action></recv>`,
  ...hangsUp('5 BYE'),
);

/** A caller whose session would have to be refreshed more often than anybody does. */
export const tooShort = scenario(
  'a caller with a session that is too short',
  invite('Supported: timer\nSession-Expires: 1\n'),
  '<recv response="100" optional="true"/>',
  `<recv response="422"><action>${finds('Min-SE: [0-9]+')}</action></recv>`,
  send(`ACK ${uri} SIP/2.0\n${head('1 ACK', '[last_To:]\n').replace('[branch]', '[branch-3]')}\n${nothing}`),
);

/** A caller that leaves it to the server to keep the session, by UPDATE where it allows that and otherwise by a re-INVITE, and hangs up after the first time. */
export const refreshedByServer = (seconds: number, by: 'UPDATE' | 'INVITE'): string =>
  scenario(
    `a caller whose session is refreshed by ${by}`,
    invite(
      `Supported: timer\nSession-Expires: ${seconds};refresher=uas\nAllow: INVITE, ACK, BYE, CANCEL${by === 'UPDATE' ? ', UPDATE' : ''}\n`,
      listening,
    ),
    provisional,
    `<recv response="200" rrs="true"><action>${finds(`Session-Expires: ${seconds};refresher=uas`)}${keep('To')}</action></recv>`,
    acknowledgedBy('1 ACK', nothing),
    `<recv request="${by}"><action>${finds(`Session-Expires: ${seconds};refresher=uac`)}</action></recv>`,
    answered(`Supported: timer\nRequire: timer\nSession-Expires: ${seconds};refresher=uac\n`, by === 'UPDATE' ? nothing : listening),
    ...(by === 'INVITE' ? ['<recv request="ACK"/>'] : []),
    send(`BYE [next_url] SIP/2.0\n${head('2 BYE', '[routes]\nTo:[$to]\n')}\n${nothing}`, 'retrans="500"'),
    '<recv response="200"/>',
  );

/** A caller that has promised to keep the session, does so `times` times, and then waits for what the server does about it. */
export const refreshedByCaller = (seconds: number, times: number): string =>
  scenario(
    'a caller that forgets its session',
    invite(`Supported: timer\nSession-Expires: ${seconds};refresher=uac\n`, listening),
    provisional,
    `<recv response="200" rrs="true"><action>${finds(`Session-Expires: ${seconds};refresher=uac`)}</action></recv>`,
    acknowledgedBy('1 ACK', nothing),
    ...Array.from({ length: times }, (_, at) => [
      `<pause milliseconds="${seconds * 500}"/>`,
      within('UPDATE', at + 2, nothing, `Supported: timer\nSession-Expires: ${seconds};refresher=uac\n`),
      '<recv response="200"/>',
    ]).flat(),
    `<recv request="BYE"><action>${finds('Reason: SIP;cause=408')}</action></recv>`,
    answered('', nothing),
  );

/** Keeps a header for messages that come after others. */
function keep(name: string): string {
  return `<ereg regexp=".*" search_in="hdr" header="${name}:" assign_to="${name.toLowerCase()}"/>`;
}

/** Those of the INVITE that its answers repeat. */
const keeps = ['Via', 'From', 'To', 'CSeq'].map(keep).join('');

/** A telephone that tells for certain what is heard before it answers, and then that it rings. */
export const earlyMedia = scenario(
  'a telephone that is heard before it answers',
  `<recv request="INVITE"><action>${finds('Supported:.*100rel')}${keeps}</action></recv>`,
  ofInvite('183 Session Progress', 'Require: 100rel\nRSeq: 7\n', body),
  `<recv request="PRACK"><action>${finds('RAck: 7 [0-9]+ INVITE')}</action></recv>`,
  answered('', nothing),
  '<pause milliseconds="300"/>',
  ofInvite('200 OK', '', body),
  '<recv request="ACK"/>',
  '<recv request="BYE"/>',
  answered('', nothing),
);

/** A telephone that leaves it to its caller to keep the session. */
export const refreshedByCallee = (seconds: number): string =>
  scenario(
    'a telephone whose session is refreshed by its caller',
    `<recv request="INVITE"><action>${keeps}</action></recv>`,
    ofInvite('180 Ringing', '', nothing),
    ofInvite('200 OK', `Require: timer\nSession-Expires: ${seconds};refresher=uac\nAllow: INVITE, ACK, BYE, CANCEL, UPDATE\n`, listening),
    '<recv request="ACK"/>',
    `<recv request="UPDATE"><action>${finds(`Session-Expires: ${seconds};refresher=uac`)}</action></recv>`,
    answered(`Require: timer\nSession-Expires: ${seconds};refresher=uac\n`, nothing),
    '<recv request="BYE"/>',
    answered('', nothing),
  );

/** 200 to the request that came last. */
function answered(headers: string, text: string): string {
  return send(
    `SIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContact: <sip:sipp@[local_ip]:[local_port]>\n${headers}${text}`,
  );
}

/** What an INVITE is answered with, though others have come after it. */
function ofInvite(status: string, headers: string, text: string): string {
  return send(
    `SIP/2.0 ${status}\nVia:[$via]\nFrom:[$from]\nTo:[$to];tag=[pid]t[call_number]\n[last_Call-ID:]\nCSeq:[$cseq]\nContact: <sip:sipp@[local_ip]:[local_port]>\n${headers}${text}`,
  );
}
