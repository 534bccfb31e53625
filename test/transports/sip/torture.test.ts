// The messages of RFC 4475, each with what becomes of it here and why. They come from the package `sip`, whose code does not run.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseMessage } from '../../../src/transports/sip/message.ts';
import { own, rig } from './rig.ts';

const folder = join(import.meta.dirname, '../../../node_modules/sip/test/messages');
const bytesOf = (name: string): Buffer => readFileSync(join(folder, `${name}.dat`));

/** `call`: it is told as a call, after 100. A number: the status it is answered with. `dropped`: nothing happens at all. */
type Outcome = 'call' | number | 'dropped';

const messages: readonly (readonly [name: string, outcome: Outcome, why: string])[] = [
  // 3.1.1, valid messages.
  [
    'wsinv',
    481,
    '3.1.1.1: white space, folding, compact and unknown headers are all legal; its To has the tag of a dialog that is none of ours',
  ],
  ['intmeth', 405, '3.1.1.2: every character is legal, but nobody knows the method'],
  ['esc01', 'call', '3.1.1.3: escapes in the user part are legal and kept as they are'],
  ['escnull', 405, '3.1.1.4: escaped null bytes are legal; REGISTER is for registrars'],
  ['esc02', 405, '3.1.1.5: a percent sign is a character of a method and escapes nothing in it'],
  ['lwsdisp', 200, '3.1.1.6: no white space is needed before the angle bracket'],
  ['longreq', 'call', '3.1.1.7: long values are legal'],
  ['dblreq', 405, '3.1.1.8: what follows the body of a datagram is not looked at; the REGISTER is refused as such'],
  ['semiuri', 200, '3.1.1.9: semicolons belong to the user part'],
  ['transports', 200, '3.1.1.10: a Via may name transports that nobody knows'],
  ['mpart01', 405, '3.1.1.11: the body of several parts is legal; MESSAGE is not spoken here'],
  ['unreason', 'dropped', '3.1.1.12: a legal response, to no request of ours'],
  ['noreason', 'dropped', '3.1.1.13: a legal response with an empty reason, to no request of ours'],
  // 3.1.2, invalid messages.
  ['badinv01', 400, '3.1.2.1: separators with nothing between them'],
  ['clerr', 400, '3.1.2.2: Content-Length is more than the datagram has'],
  ['ncl', 400, '3.1.2.3: Content-Length is negative'],
  ['scalar02', 400, '3.1.2.4: CSeq and Max-Forwards are out of range'],
  ['scalarlg', 'dropped', '3.1.2.5: a response whose CSeq is out of range'],
  ['quotbal', 400, '3.1.2.6: a quoted string without its end'],
  ['ltgtruri', 400, '3.1.2.7: angle brackets around the Request-URI'],
  ['lwsruri', 400, '3.1.2.8: white space in the Request-URI'],
  ['lwsstart', 400, '3.1.2.9: more than one space in the start line'],
  ['trws', 400, '3.1.2.10: spaces at the end of the start line'],
  ['escruri', 400, '3.1.2.11: headers in the Request-URI'],
  ['baddate', 'call', '3.1.2.12: a time zone that Date may not have; the date is not used, and may be passed over'],
  ['regbadct', 400, '3.1.2.13: a Contact with headers needs angle brackets'],
  ['badaspec', 400, '3.1.2.14: spaces within an address'],
  ['baddn', 400, '3.1.2.15: a comma in a display name without quotes'],
  ['badvers', 505, '3.1.2.16: an unknown version'],
  ['mismatch01', 400, '3.1.2.17: CSeq names another method'],
  ['mismatch02', 400, '3.1.2.18: CSeq names another method than the unknown one; 400 and 501 are both right'],
  ['bigcode', 'dropped', '3.1.2.19: a status code beyond all classes'],
  // 3.2, transactions.
  ['badbranch', 200, '3.2.1: a branch that is only the cookie is matched by the rules of RFC 2543'],
  // 3.3, applications.
  ['insuf', 400, '3.3.1: required headers are missing'],
  ['unkscm', 416, '3.3.2: a Request-URI of an unknown scheme'],
  ['novelsc', 416, '3.3.3: a scheme that is known, but not for SIP'],
  ['unksm2', 405, '3.3.4: unknown schemes in other headers do no harm; REGISTER is for registrars'],
  ['bext01', 420, '3.3.5: extensions are required that nobody has'],
  ['invut', 415, '3.3.6: a body of an unknown type'],
  ['regaut01', 405, '3.3.7: an unknown scheme of authorization counts as none; REGISTER is for registrars'],
  ['multi01', 400, '3.3.8: headers more than once that say one thing'],
  ['mcl01', 400, '3.3.9: two Content-Lengths that differ'],
  ['bcast', 'dropped', '3.3.10: a response whose topmost Via is not ours'],
  ['zeromf', 200, '3.3.11: Max-Forwards is zero, but the request has arrived'],
  ['cparam01', 405, '3.3.12: an unknown Contact parameter is legal; REGISTER is for registrars'],
  ['cparam02', 405, '3.3.13: an unknown parameter of the Contact URI is legal'],
  ['regescrt', 405, '3.3.14: headers in a Contact URI are legal within brackets'],
  ['sdp01', 406, '3.3.15: the caller takes no session description'],
  // 3.4, RFC 2543.
  ['inv2543', 'call', '3.4.1: an INVITE of the older protocol, without branch, tag, Max-Forwards and Contact'],
];

test.each(messages)('%s: %s (%s)', async (name, outcome) => {
  const { wire, peer, pass, calls, agent } = await rig();
  peer.send(bytesOf(name).toString('latin1'));
  await pass(40);
  // All answers, wherever they went: most of these messages have no rport.
  const statuses = wire.carried
    .filter(({ from }) => from.port === own.port && from.host === own.host)
    .map(({ text }) => /^SIP\/2\.0 (\d+)/.exec(text)?.[1]);
  const final = statuses.filter((status) => status !== '100');
  expect(calls.length).toBe(outcome === 'call' ? 1 : 0);
  expect(final).toEqual(typeof outcome === 'number' ? [String(outcome)] : []);
  expect(agent.calls).toBe(calls.length);
});

test('the list is the whole corpus of the RFC', () => {
  // Not of the RFC are a copy of a mismatch, a file with nothing in it, and a draft that names no version.
  const others = new Set(['badcseq', 'baddn_sep', 'test']);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.dat'))
    .map((file) => file.slice(0, -4));
  expect(files.filter((file) => !others.has(file)).toSorted()).toEqual(messages.map(([name]) => name).toSorted());
  expect(messages).toHaveLength(49);
});

test('the extra messages of the package are refused or passed over', () => {
  expect(parseMessage(bytesOf('badcseq'), 'datagram')).toMatchObject({ kind: 'malformed', answer: { status: 400 } });
  expect(parseMessage(bytesOf('test'), 'datagram')).not.toHaveProperty('answer');
  expect(parseMessage(bytesOf('baddn_sep'), 'datagram')).toEqual({ kind: 'empty' });
});

test('an unknown scheme of authorization is challenged where a password is asked for', async () => {
  const { wire, peer, pass } = await rig({ trunks: [{ name: 'phones', digest: { username: 'a', password: 'b' } }] });
  peer.send(bytesOf('regaut01').toString('latin1'));
  await pass(40);
  expect(wire.carried.at(-1)?.text).toMatch(/^SIP\/2\.0 401 /);
});

test('what the tortuous INVITE says is read right', () => {
  const parsed = parseMessage(bytesOf('wsinv'), 'datagram');
  if (parsed.kind !== 'message') throw new Error('it was refused');
  const { from, to, cseq, via, headers } = parsed.message;
  expect(from.display).toBe('J Rosenberg \\"');
  expect(from.parameters.get('tag')).toBe('98asjd8');
  expect(to.uriText).toBe('sip:vivekg@chair-dnrc.example.com');
  expect(cseq).toEqual({ number: 9, method: 'INVITE' });
  expect(via).toMatchObject({ transport: 'udp', host: '192.0.2.2' });
  expect(headers.values('Via')).toHaveLength(3);
  expect(headers.first('Contact')).toContain('secondparam');
});
