// What each provider asks of this server and is answered: signed as it signs, unsigned, of an unknown number; and the events of Telnyx' Call Control.
import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { SignJWT } from 'jose';
import { beforeEach, describe, expect, test } from 'vitest';
import { openPhoneStreams, type PhoneStreams, type PhoneStreamsParts } from '../../../src/phone-streams.ts';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { LoopShares } from '../../../src/lib/loop-shares.ts';
import { SetupError } from '../../../src/lib/own-file.ts';
import { routesOf } from '../../../src/telephony/routes-file.ts';
import type { CallEvents } from '../../../src/transports/calls/call.ts';
import { settle } from '../../telephony/phone-rig.ts';
import { fieldsOf, type ProviderName } from '../../../src/transports/media-streams/providers.ts';

const publicUrl = 'https://voice.example.com';
const number = '+15552345678';
const telnyxKey = generateKeyPairSync('ed25519');
const vonageKey = generateKeyPairSync('rsa', { modulusLength: 2048 });
const vonagePem = vonageKey.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const carriers = {
  twilio: { account_sid: 'AC1', auth_token: 'twilio-secret' },
  signalwire: { account_sid: 'P1', auth_token: 'signalwire-token', signing_key: 'signalwire-secret', space: 'acme.signalwire.com' },
  telnyx: {
    api_key: 'telnyx-secret',
    public_key: telnyxKey.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64'),
    connection_id: 'c1',
  },
  plivo: { auth_id: 'MA1', auth_token: 'plivo-secret' },
  vonage: { application_id: 'app', private_key: vonagePem, signature_secret: 'vonage-secret-of-thirty-two-bytes' },
};

let clock: ManualClock;
let warned: object[];
let asked: {
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly answer: PromiseWithResolvers<Response>;
}[];
let streams: PhoneStreams;

function open(file: object): PhoneStreams {
  const log = Object.assign(Object.create(silentLog) as typeof silentLog, { warn: (fields: object) => void warned.push(fields) });
  let given = 0;
  return openPhoneStreams({
    file: routesOf(file, 'file', { environment: {} }),
    clock,
    ids: (prefix: string) => `${prefix}_1`,
    log,
    shares: new LoopShares(clock),
    fetch(url: string, { body }: RequestInit) {
      const answer = Promise.withResolvers<Response>();
      asked.push({ url, body: typeof body === 'string' ? bodyOf(body) : undefined, answer });
      return answer.promise;
    },
    chance: () => `token-${++given}`,
    hasRoute: ({ to }: { readonly to: string }) => Promise.resolve(to === number),
    onIncoming() {},
    identify: () => Promise.resolve(undefined),
  } as unknown as PhoneStreamsParts);
}

/** As an object, however it is written. */
function bodyOf(body: string): Readonly<Record<string, unknown>> {
  return body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : Object.fromEntries(new URLSearchParams(body));
}

beforeEach(() => {
  clock = new ManualClock();
  warned = [];
  asked = [];
  streams = open({ public_url: publicUrl, carriers });
});

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly contentType?: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

function ask(provider: string, { headers, contentType, ...question }: Question) {
  return streams.answer(provider, { ...question, contentType, header: (name) => headers[name] });
}

/** A form, signed as its provider does. */
function form(
  provider: 'twilio' | 'signalwire' | 'plivo',
  fields: Readonly<Record<string, string>>,
  path = `/v1/realtime/${provider}/voice`,
): Question {
  const names = Object.keys(fields).sort();
  const joined = names.map((name) => `${name}${fields[name]}`).join('');
  const base = { method: 'POST', path, contentType: 'application/x-www-form-urlencoded' } as const;
  const body = Buffer.from(new URLSearchParams(fields).toString());
  if (provider === 'plivo') {
    const signature = createHmac('sha256', 'plivo-secret')
      .update(`${publicUrl}${path}${path.includes('?') ? '.' : '?'}${joined}.n1`)
      .digest('base64');
    return { ...base, body, headers: { 'x-plivo-signature-v3': signature, 'x-plivo-signature-v3-nonce': 'n1' } };
  }
  const signature = createHmac('sha1', `${provider}-secret`).update(`${publicUrl}${path}${joined}`).digest('base64');
  return { ...base, body, headers: { [`x-${provider}-signature`]: signature } };
}

function telnyx(content: object | string, key = telnyxKey.privateKey, path = '/v1/realtime/telnyx/voice'): Question {
  const isForm = typeof content === 'string';
  const body = Buffer.from(isForm ? content : JSON.stringify(content));
  const timestamp = String(Math.floor(clock.wallMs() / 1000));
  const signature = sign(null, Buffer.concat([Buffer.from(`${timestamp}|`), body]), key).toString('base64');
  const headers = { 'telnyx-signature-ed25519': signature, 'telnyx-timestamp': timestamp };
  const contentType = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  return { method: 'POST', path, contentType, body, headers };
}

async function vonage(fields: object, path = '/v1/realtime/vonage/voice'): Promise<Question> {
  const body = Buffer.from(JSON.stringify(fields));
  const hash = createHash('sha256').update(body).digest('hex');
  const token = await new SignJWT({ payload_hash: hash })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt(Math.floor(clock.wallMs() / 1000))
    .sign(Buffer.from(carriers.vonage.signature_secret));
  const headers = { authorization: `Bearer ${token}` };
  return { method: 'POST', path, contentType: 'application/json', body, headers };
}

/** A question of each provider about a call to this number. */
const questions: Record<ProviderName, (to: string) => Question | Promise<Question>> = {
  twilio: (to) => form('twilio', { CallSid: 'CA1', From: '+15550001', To: to }),
  signalwire: (to) => form('signalwire', { CallSid: 'c1', From: '+15550001', To: to }),
  telnyx: (to) => telnyx(new URLSearchParams({ CallSid: 'v3:1', From: '+15550001', To: to }).toString()),
  plivo: (to) => form('plivo', { CallUUID: 'u1', From: '15550001', To: to.slice(1) }),
  vonage: (to) => vonage({ uuid: 'aaaa', from: '15550001', to: to.slice(1) }),
};
const providers = Object.keys(questions) as ProviderName[];

const answers: Record<ProviderName, RegExp> = {
  twilio: /<Connect><Stream url="wss:\/\/voice\.example\.com\/[^"?]+"><Parameter name="token" value="token-1"\/>/,
  signalwire: /<Connect><Stream url="wss:\/\/voice\.example\.com\/[^"?]+"><Parameter name="token" value="token-1"\/>/,
  telnyx: /<Stream url="wss:\/\/voice\.example\.com\/[^"]+\?token=token-1"/,
  plivo: /<Stream [^>]*>wss:\/\/voice\.example\.com\/[^<]+\?token=token-1</,
  vonage: /"uri":"wss:\/\/voice\.example\.com\/[^"?]+".*"token":"token-1"/,
};
const refusals: Record<ProviderName, string> = {
  twilio: '<Reject/>',
  signalwire: '<Reject/>',
  telnyx: '<Reject/>',
  plivo: '<Hangup reason="rejected"/>',
  vonage: '[]',
};

describe.each(providers)('%s', (provider) => {
  test('a signed question is answered with a stream that has a token', async () => {
    const answered = await ask(provider, await questions[provider](number));
    expect(answered).toMatchObject({ outcome: 'answered', document: { body: expect.stringMatching(answers[provider]) } });
    expect(asked).toEqual([]);
  });

  test('a call to a number without a route is refused', async () => {
    const answered = await ask(provider, await questions[provider]('+15559998888'));
    expect(answered).toMatchObject({ outcome: 'answered', document: { body: expect.stringContaining(refusals[provider]) } });
  });

  test('what is unsigned, or signed for something else, is not answered', async () => {
    const question = await questions[provider](number);
    expect(await ask(provider, { ...question, headers: {} })).toEqual({ outcome: 'unsigned' });
    const changed = Buffer.from(question.body.toString().replace('0001', '0009'));
    expect(await ask(provider, { ...question, body: changed })).toEqual({ outcome: 'unsigned' });
  });

  test('is unknown where the file has no credentials of it', async () => {
    const question = await questions[provider](number);
    streams = open({ public_url: publicUrl });
    expect(await ask(provider, question)).toEqual({ outcome: 'unknown_provider' });
  });
});

/** What each provider answers when it has taken a call, where it is told to tell what becomes of it, and how it tells that it rings, and that it is busy. */
interface Placing {
  readonly taken: object;
  readonly statusUrl: (body: Readonly<Record<string, unknown>>) => unknown;
  readonly rings: (path: string) => Question | Promise<Question> | undefined;
  readonly busy: (path: string) => Question | Promise<Question>;
}
const placings: Record<ProviderName, Placing> = {
  twilio: {
    taken: { sid: 'CA1' },
    statusUrl: ({ StatusCallback }) => StatusCallback,
    rings: (path) => form('twilio', { CallSid: 'CA1', CallStatus: 'ringing' }, path),
    busy: (path) => form('twilio', { CallSid: 'CA1', CallStatus: 'busy' }, path),
  },
  signalwire: {
    taken: { sid: 'c1' },
    statusUrl: ({ StatusCallback }) => StatusCallback,
    rings: (path) => form('signalwire', { CallSid: 'c1', CallStatus: 'ringing' }, path),
    busy: (path) => form('signalwire', { CallSid: 'c1', CallStatus: 'busy' }, path),
  },
  telnyx: {
    taken: { data: { call_control_id: 'v3:1' } },
    statusUrl: ({ webhook_url: url }) => url,
    // It tells nothing of that.
    rings: () => undefined,
    busy: (path) =>
      telnyx({ data: { event_type: 'call.hangup', payload: { call_control_id: 'v3:1', hangup_cause: 'user_busy' } } }, undefined, path),
  },
  plivo: {
    taken: { request_uuid: 'r1' },
    statusUrl: ({ hangup_url: url }) => url,
    rings: (path) => form('plivo', { CallUUID: 'u1', CallStatus: 'ringing', Event: 'Ring' }, path),
    busy: (path) => form('plivo', { CallUUID: 'u1', CallStatus: 'busy', Event: 'Hangup' }, path),
  },
  vonage: {
    taken: { uuid: 'aaaa' },
    statusUrl: ({ event_url: urls }) => (urls as readonly string[])[0],
    rings: (path) => vonage({ uuid: 'aaaa', status: 'ringing' }, path),
    busy: (path) => vonage({ uuid: 'aaaa', status: 'busy' }, path),
  },
};

/** A call that the provider has taken; where it tells what becomes of it, and what was heard of that. */
async function placed(provider: ProviderName, detectMachine = false) {
  const heard: string[] = [];
  const answeredBy = detectMachine ? (who: string) => void heard.push(who) : undefined;
  const dialling = streams.dialling(provider, `tel:${number}`, '+15550001111');
  const call = dialling.dial({} as CallEvents, new AbortController().signal, () => void heard.push('ringing'), answeredBy);
  call.catch(() => {});
  await settle();
  const [request] = asked;
  const url = String(placings[provider].statusUrl(request?.body ?? {}));
  request?.answer.resolve(Response.json(placings[provider].taken));
  await settle();
  expect(url).toMatch(new RegExp(`^https://voice\\.example\\.com/v1/realtime/${provider}/events\\?call=token-\\d+$`));
  return { call, heard, request, path: url.slice(publicUrl.length) };
}

function tell(provider: string, { headers, contentType, ...question }: Question) {
  return streams.tell(provider, { ...question, contentType, header: (name) => headers[name] });
}

describe.each(providers)('a call that is placed by %s', (provider) => {
  test('is known to ring, and to have come to nothing, as soon as the provider says so', async () => {
    const { call, heard, path } = await placed(provider);
    const ringing = await placings[provider].rings(path);
    if (ringing) tell(provider, ringing);
    expect(heard).toEqual(ringing ? ['ringing'] : []);
    expect(tell(provider, await placings[provider].busy(path))).toMatchObject({ outcome: 'answered' });
    await expect(call).rejects.toMatchObject({ failure: { status: 486 } });
  });

  test('is not ended by whoever does not sign', async () => {
    const { call, path } = await placed(provider);
    const busy = await placings[provider].busy(path);
    expect(tell(provider, { ...busy, headers: {} })).toEqual({ outcome: 'unsigned' });
    const changed = Buffer.from(busy.body.toString().replace('busy', 'bust'));
    expect(tell(provider, { ...busy, body: changed })).toEqual({ outcome: 'unsigned' });
    expect(await Promise.race([call, settle()])).toBeUndefined();
  });

  test('is not ended by what is told of another', async () => {
    const { call, path } = await placed(provider);
    expect(tell(provider, await placings[provider].busy(path.replace(/token-\d+/, 'token-9')))).toMatchObject({ outcome: 'answered' });
    expect(await Promise.race([call, settle()])).toBeUndefined();
  });

  test('has the provider listen for a machine only where the file says so', async () => {
    const asksForMachine = () => /machine|Machine/.test(JSON.stringify(asked.map(({ body }) => Object.keys(body ?? {}))));
    await placed(provider, true);
    expect(asksForMachine()).toBe(false);
    asked = [];
    streams = open({ public_url: publicUrl, carriers, outbound: { by: provider }, machine: { policy: 'continue', by: 'provider' } });
    await placed(provider, true);
    expect(asksForMachine()).toBe(true);
  });
});

test('what a provider has found out of who answered is told', async () => {
  streams = open({ public_url: publicUrl, carriers, machine: { policy: 'continue', by: 'provider' } });
  const { heard, path } = await placed('twilio', true);
  tell('twilio', form('twilio', { CallSid: 'CA1', AnsweredBy: 'machine_start' }, path));
  expect(heard).toEqual(['machine']);
});

test.each(['asterisk', 'stream', 'constructor', ''])('%j tells of no call', (provider) => {
  expect(tell(provider, form('twilio', { CallSid: 'CA1', CallStatus: 'busy' }))).toEqual({ outcome: 'unknown_provider' });
});

describe('another file', () => {
  test('changes the providers that there are, and the address that they are told', async () => {
    streams.prepare(
      routesOf({ public_url: 'https://other.example', carriers: { twilio: carriers.twilio } }, 'file', { environment: {} }),
    )();
    expect(await ask('plivo', await questions.plivo(number))).toEqual({ outcome: 'unknown_provider' });
    expect(await ask('twilio', await questions.twilio(number))).toEqual({ outcome: 'unsigned' });
  });

  test('that cannot be used changes nothing', async () => {
    const bad = { public_url: publicUrl, carriers: { vonage: { ...carriers.vonage, private_key: 'no key' } } };
    expect(() => streams.prepare(routesOf(bad, 'file', { environment: {} }))).toThrow(SetupError);
    expect(await ask('twilio', await questions.twilio(number))).toMatchObject({ outcome: 'answered' });
  });
});

test('another address of an API is asked where the file names it', async () => {
  const twilio = { ...carriers.twilio, api_url: 'https://api.dublin.ie1.twilio.com' };
  streams = open({ public_url: publicUrl, carriers: { twilio } });
  const { request } = await placed('twilio');
  expect(request?.url).toBe('https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/AC1/Calls.json');
});

test.each(['asterisk', 'stream', 'constructor', '', 'TWILIO'])('%j is no provider that asks', async (provider) => {
  expect(await ask(provider, await questions.twilio(number))).toEqual({ outcome: 'unknown_provider' });
});

describe('Telnyx’ Call Control', () => {
  const initiated = (to: string, direction = 'incoming', type = 'call.initiated') => ({
    data: { event_type: type, payload: { call_control_id: 'v3:abc', from: '+15550001', to, direction } },
  });
  const nothing = { outcome: 'answered', document: { contentType: 'application/json', body: '{}' } };

  test('a call that it tells of is answered through its API', async () => {
    expect(await ask('telnyx', telnyx(initiated(number)))).toEqual(nothing);
    expect(asked).toMatchObject([
      {
        url: 'https://api.telnyx.com/v2/calls/v3%3Aabc/actions/answer',
        body: { stream_url: expect.stringMatching(/^wss:\/\/voice\.example\.com\/.*\?token=token-1$/) },
      },
    ]);
  });

  test('what its API refuses is logged without the key', async () => {
    await ask('telnyx', telnyx(initiated(number)));
    asked[0]?.answer.resolve(Response.json({ errors: [{ detail: 'No call for telnyx-secret.' }] }, { status: 422 }));
    await expect.poll(() => warned).toHaveLength(1);
    expect(warned).toMatchObject([{ carrier: 'telnyx', call: 'v3:abc', reason: expect.stringContaining('422') }]);
    expect(JSON.stringify(warned)).not.toContain('telnyx-secret');
  });

  test('a call to a number without a route is hung up', async () => {
    expect(await ask('telnyx', telnyx(initiated('+15559998888')))).toEqual(nothing);
    expect(asked.map(({ url }) => url)).toEqual(['https://api.telnyx.com/v2/calls/v3%3Aabc/actions/hangup']);
  });

  test.each([
    ['incoming', 'call.hangup'],
    ['incoming', 'streaming.started'],
    ['outgoing', 'call.initiated'],
  ])('of an event of an %s call, %s, nothing comes', async (direction, type) => {
    expect(await ask('telnyx', telnyx(initiated(number, direction, type)))).toEqual(nothing);
    expect(asked).toEqual([]);
  });

  test('a question that is too old, or of another key, is unsigned', async () => {
    const question = telnyx(initiated(number));
    clock.advance(3_600_000);
    expect(await ask('telnyx', question)).toEqual({ outcome: 'unsigned' });
    const other = generateKeyPairSync('ed25519').privateKey;
    expect(await ask('telnyx', telnyx(initiated(number), other))).toEqual({ outcome: 'unsigned' });
  });
});

test('a private key that is none ends the start, in words that do not repeat it', () => {
  const file = { public_url: publicUrl, carriers: { vonage: { ...carriers.vonage, private_key: 'a secret that is no key' } } };
  expect(() => open(file)).toThrow(SetupError);
  expect(() => open(file)).toThrow(/carriers\.vonage\.private_key/);
  expect(() => open(file)).not.toThrow(/a secret/);
});

test('fields are those of the form, of the query where there is no body, or of a JSON object', () => {
  const read = (type: string | undefined, body: string, query = '') => fieldsOf(type, Buffer.from(body), new URLSearchParams(query));
  expect(read('application/x-www-form-urlencoded', 'a=1&a=2&b=%2B3')).toEqual({
    form: { a: ['1', '2'], b: ['+3'] },
    all: { a: '1', b: '+3' },
  });
  expect(read(undefined, '', 'a=1')).toEqual({ form: { a: ['1'] }, all: { a: '1' } });
  expect(read('application/json; charset=utf-8', '{"a":{"b":1}}', 'c=1')).toEqual({ form: {}, all: { a: { b: 1 } } });
  for (const text of ['[1]', '{', 'null']) expect(read('application/json', text)).toEqual({ form: {}, all: {} });
});
