// What programs are told: scenarios for sipp that its built-in ones lack, and kamailio as a provider's registrar and proxy.

export const head = (cseq: string, route = '') => `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]t[call_number]
${route}Call-ID: [call_id]
CSeq: ${cseq}
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70`;

export const body = `Content-Type: application/sdp
Content-Length: [len]

v=0
o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
`;

export const send = (text: string, options = '') => `<send ${options}><![CDATA[\n${text}\n]]></send>`;
/** sipp wants to be told of each variable that it is only to look for. */
export const scenario = (name: string, ...steps: string[]): string => {
  const text = steps.join('\n');
  const variables = new Set([...text.matchAll(/assign_to="([^"]+)"/g)].flatMap(([, names = '']) => names.split(',')));
  const references = variables.size === 0 ? '' : `\n<Reference variables="${[...variables].join(',')}"/>`;
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="${name}">\n${text}${references}\n</scenario>\n`;
};

/** Fails the call where the message has nothing like it. */
export const finds = (expression: string) => `<ereg regexp="${expression}" search_in="msg" check_it="true" assign_to="found"/>`;

export const to = 'To: <sip:[service]@[remote_ip]:[remote_port]>';
export const uri = 'sip:[service]@[remote_ip]:[remote_port]';
export const nothing = 'Content-Length: 0\n';

/** A caller that is asked for its password, changes the session, presses a key, and hangs up. */
export const authenticated = scenario(
  'a caller with a password',
  send(`INVITE ${uri} SIP/2.0\n${head('1 INVITE', `${to}\n`)}\n${body}`, 'retrans="500"'),
  '<recv response="401" auth="true"/>',
  send(`ACK ${uri} SIP/2.0\n${head('1 ACK', '[last_To:]\n')}\n${nothing}`),
  send(`INVITE ${uri} SIP/2.0\n${head('2 INVITE', `${to}\n`)}\n[authentication username=phone password=secret]\n${body}`, 'retrans="500"'),
  '<recv response="100" optional="true"/>',
  '<recv response="180" optional="true"/>',
  '<recv response="200" rrs="true"/>',
  send(`ACK [next_url] SIP/2.0\n${head('2 ACK', '[routes]\n[last_To:]\n')}\n${nothing}`),
  '<pause milliseconds="50"/>',
  send(`INVITE [next_url] SIP/2.0\n${head('3 INVITE', '[routes]\n[last_To:]\n')}\n${body}`, 'retrans="500"'),
  '<recv response="100" optional="true"/>',
  '<recv response="200"/>',
  send(`ACK [next_url] SIP/2.0\n${head('3 ACK', '[routes]\n[last_To:]\n')}\n${nothing}`),
  send(
    `INFO [next_url] SIP/2.0\n${head('4 INFO', '[routes]\n[last_To:]\n')}\nContent-Type: application/dtmf-relay\nContent-Length: [len]\n\nSignal=7\nDuration=160\n`,
    'retrans="500"',
  ),
  '<recv response="200"/>',
  send(`BYE [next_url] SIP/2.0\n${head('5 BYE', '[routes]\n[last_To:]\n')}\n${nothing}`, 'retrans="500"'),
  '<recv response="200"/>',
);

/** A caller that takes its call back while it rings. */
export const cancelled = scenario(
  'a caller that cancels',
  send(`INVITE ${uri} SIP/2.0\n${head('1 INVITE', `${to}\n`)}\n${body}`, 'retrans="500"'),
  '<recv response="100" optional="true"/>',
  '<recv response="180"/>',
  send(`CANCEL ${uri} SIP/2.0\n${head('1 CANCEL', `${to}\n`).replace('[branch]', '[branch-3]')}\n${nothing}`, 'retrans="500"'),
  '<recv response="200"/>',
  '<recv response="487"/>',
  send(`ACK ${uri} SIP/2.0\n${head('1 ACK', '[last_To:]\n').replace('[branch]', '[branch-6]')}\n${nothing}`),
);

export const acknowledgedBy = (cseq: string, text: string) =>
  send(`ACK [next_url] SIP/2.0\n${head(cseq, '[routes]\n[last_To:]\n')}\n${text}`);
export const hangsUp = (cseq: string) => [
  send(`BYE [next_url] SIP/2.0\n${head(cseq, '[routes]\n[last_To:]\n')}\n${nothing}`, 'retrans="500"'),
  '<recv response="200"/>',
];
/** Only once the call is answered does it say how it can be spoken with (RFC 3261, 13.2.1). */
export const lateOffer = scenario(
  'a caller that leaves the offer to the other side',
  send(`INVITE ${uri} SIP/2.0\n${head('1 INVITE', `${to}\n`)}\n${nothing}`, 'retrans="500"'),
  '<recv response="100" optional="true"/>',
  '<recv response="180" optional="true"/>',
  `<recv response="200" rrs="true"><action>${finds('m=audio [0-9]+ RTP/AVP')}</action></recv>`,
  acknowledgedBy('1 ACK', body),
  '<pause milliseconds="500"/>',
  ...hangsUp('2 BYE'),
);

const changed = (cseq: string, direction: string, answered: string) => [
  send(`INVITE [next_url] SIP/2.0\n${head(`${cseq} INVITE`, '[routes]\n[last_To:]\n')}\n${body}a=${direction}\n`, 'retrans="500"'),
  '<recv response="100" optional="true"/>',
  `<recv response="200"><action>${finds(`a=${answered}`)}</action></recv>`,
  acknowledgedBy(`${cseq} ACK`, nothing),
  '<pause milliseconds="300"/>',
];

/** A caller that changes the session, puts the call on hold, takes it up again, and hangs up. */
export const heldAndResumed = scenario(
  'a caller that holds',
  send(`INVITE ${uri} SIP/2.0\n${head('1 INVITE', `${to}\n`)}\n${body}`, 'retrans="500"'),
  '<recv response="100" optional="true"/>',
  '<recv response="180" optional="true"/>',
  '<recv response="200" rrs="true"/>',
  acknowledgedBy('1 ACK', nothing),
  ...changed('2', 'sendrecv', 'sendrecv'),
  ...changed('3', 'sendonly', 'recvonly'),
  ...changed('4', 'sendrecv', 'sendrecv'),
  ...hangsUp('5 BYE'),
);

/** A registrar that wants a password and at least 700 s, and a proxy that stays on the way of each call. */
export const provider = (port: number): string => `#!KAMAILIO
debug=0
log_stderror=yes
children=1
listen=udp:127.0.0.1:${port}
listen=tcp:127.0.0.1:${port}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/:/usr/lib/aarch64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "auth.so"
modparam("rr", "enable_full_lr", 1)
modparam("usrloc", "db_mode", 0)
modparam("auth", "qop", "auth")
modparam("registrar", "min_expires", 700)
request_route {
  if (is_method("OPTIONS")) { sl_send_reply("200", "Here"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK") && t_check_trans()) t_relay();
    exit;
  }
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("127.0.0.1", "secret", "0")) { www_challenge("127.0.0.1", "1"); exit; }
    save("location");
    exit;
  }
  if (!pv_proxy_authenticate("127.0.0.1", "secret", "0")) { proxy_challenge("127.0.0.1", "1"); exit; }
  consume_credentials();
  record_route();
  if (!lookup("location")) { sl_send_reply("404", "Not registered"); exit; }
  t_relay();
}
`;
