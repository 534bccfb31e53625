// Offers as telephones, trunks and proxies make them: which sections, attributes and orders are typical of each. Addresses are those of
// documentation.

const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join('');

/** A small telephone program: static types with their names, keys, packet time. */
export const baresip = lines(
  'v=0',
  'o=- 1839452 3991 IN IP4 192.0.2.2',
  's=-',
  'c=IN IP4 192.0.2.2',
  't=0 0',
  'a=tool:baresip',
  'm=audio 11008 RTP/AVP 96 0 8 101',
  'b=AS:125',
  'a=rtpmap:96 opus/48000/2',
  'a=fmtp:96 stereo=1;sprop-stereo=1',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=rtcp:11009',
  'a=sendrecv',
  'a=label:1',
  'a=ssrc:2147483 cname:sip:a@192.0.2.2',
  'a=minptime:20',
  'a=ptime:20',
);

/** The same with keys beside plain sound: take them or leave them. */
export const bestEffort = lines(
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.2',
  's=-',
  'c=IN IP4 192.0.2.2',
  't=0 0',
  'm=audio 11008 RTP/AVP 0 101',
  'a=rtpmap:101 telephone-event/8000',
  'a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20',
);

/** A telephone with keys in several suites, and video that nobody here wants. */
export const linphone = lines(
  'v=0',
  'o=alice 2190 3271 IN IP4 192.168.1.10',
  's=Talk',
  'c=IN IP4 192.168.1.10',
  't=0 0',
  'a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics',
  'a=record:off',
  'm=audio 7078 RTP/SAVP 96 97 98 0 8 101 99 100',
  'a=rtpmap:96 opus/48000/2',
  'a=fmtp:96 useinbandfec=1',
  'a=rtpmap:97 speex/16000',
  'a=rtpmap:98 speex/8000',
  'a=rtpmap:101 telephone-event/48000',
  'a=rtpmap:99 telephone-event/16000',
  'a=rtpmap:100 telephone-event/8000',
  'a=crypto:1 AEAD_AES_128_GCM inline:bQqDQOQEi4uYWOjYBbjzNfz1XUJxPCfKXKP0Qw==',
  'a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:WbTBosdVUZqEb6Htqhn+m3z7wUh4RJVR8nE15GbN',
  'a=rtcp-fb:* trr-int 5000',
  'm=video 9078 RTP/SAVP 96',
  'a=rtpmap:96 VP8/90000',
);

/** A load generator: one codec, nothing else. */
export const sipp = lines(
  'v=0',
  'o=user1 53655765 2353687637 IN IP4 127.0.0.1',
  's=-',
  'c=IN IP4 127.0.0.1',
  't=0 0',
  'm=audio 6000 RTP/AVP 8 101',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-11,16',
);

/** An exchange: its longest packet time, keys up to the flash of a hook. */
export const asterisk = lines(
  'v=0',
  'o=- 1206549443 1206549443 IN IP4 198.51.100.20',
  's=Asterisk',
  'c=IN IP4 198.51.100.20',
  't=0 0',
  'm=audio 18012 RTP/AVP 9 8 0 3 101',
  'a=rtpmap:9 G722/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:3 GSM/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=ptime:20',
  'a=maxptime:150',
  'a=sendrecv',
);

/** A trunk of a large provider, encrypted. */
export const twilioTrunk = lines(
  'v=0',
  'o=root 1684326489 1684326489 IN IP4 203.0.113.5',
  's=Twilio Media Gateway',
  'c=IN IP4 203.0.113.5',
  't=0 0',
  'm=audio 15266 RTP/SAVP 0 8 101',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=maxptime:20',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WbTBosdVUZqEb6Htqhn+m3z7wUh4RJVR8nE15GbN',
  'a=sendrecv',
);

/** A relay in front of a proxy: candidates it does not insist on, one port for sound and reports, comfort noise. */
export const rtpengine = lines(
  'v=0',
  'o=- 77 2 IN IP4 203.0.113.80',
  's=rtpengine-10',
  't=0 0',
  'm=audio 30112 RTP/AVP 13 0 101',
  'c=IN IP4 203.0.113.80',
  'a=rtpmap:13 CN/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=sendrecv',
  'a=rtcp:30112',
  'a=rtcp-mux',
  'a=ice-ufrag:xYzA1234',
  'a=ice-pwd:0123456789abcdefghijklmn',
  'a=candidate:1 1 UDP 2130706431 203.0.113.80 30112 typ host',
);

/** An office telephone that offers the same sound twice, protected first. */
export const twice = lines(
  'v=0',
  'o=- 5 5 IN IP4 192.0.2.50',
  's=-',
  'c=IN IP4 192.0.2.50',
  't=0 0',
  'm=audio 50000 RTP/SAVP 8',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:WbTBosdVUZqEb6Htqhn+m3z7wUh4RJVR8nE15GbN',
  'm=audio 50002 RTP/AVP 8',
);

/** A browser's: keys of another kind, which come by DTLS. */
export const browser = lines(
  'v=0',
  'o=- 46117327 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 0',
  'c=IN IP4 0.0.0.0',
  'a=rtpmap:111 opus/48000/2',
  'a=fingerprint:sha-256 00:11',
  'a=setup:actpass',
);

export const faxOnly = lines('v=0', 'o=- 1 1 IN IP4 192.0.2.2', 's=-', 'c=IN IP4 192.0.2.2', 't=0 0', 'm=image 4000 udptl t38');
