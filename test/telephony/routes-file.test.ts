// The operator's telephony file: what may stand in it, and every mistake in words that name its place.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SetupError } from '../../src/lib/own-file.ts';
import { keyMistakes, outboundRules, readRoutesFile, RoutesFileError, routesOf } from '../../src/telephony/routes-file.ts';
import { addressesOf } from '../../src/telephony/routes-schema.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const environment = { TWILIO_TOKEN: 'tok-12345', EMPTY: '' };

/** Everything that may stand in the file. */
const whole = {
  public_url: 'https://voice.example.com/',
  routes: [
    {
      name: 'reception',
      numbers: ['+15552345678', 'sip:*@example.com', '*'],
      carriers: ['twilio', 'sip'],
      trunks: ['office'],
      key: 'main',
      session: { model: 'any', instructions: 'Be brief.', audio: { output: { voice: 'Olivia', speed: 1.1 } } },
      overridable: ['instructions', 'audio.output.voice'],
      answer: { after_ms: 2000 },
      greeting: 'Hello.',
      tools: ['hang_up', 'send_digits', 'transfer'],
      transfer_to: { sales: '+15559876543', desk: 'sip:desk@pbx.example.com' },
      recording: { announce: 'This call is recorded.' },
      collect_digits: { end_key: '*', most: 4, pause_ms: 2000 },
    },
    { name: 'rest', numbers: ['*'], answer: 'webhook', greeting: 'listen', recording: {} },
  ],
  webhooks: [{ url: 'https://hooks.example.com/parley', secret, events: ['realtime.call.*'] }],
  carriers: {
    twilio: { account_sid: 'AC1', auth_token: 'env:TWILIO_TOKEN' },
    signalwire: { account_sid: 'AC2', auth_token: 'x', signing_key: 'k', space: 'acme.signalwire.com' },
    telnyx: { api_key: 'KEY', public_key: 'PUB' },
    plivo: { auth_id: 'MA1', auth_token: 'x' },
    vonage: { application_id: 'app', private_key: '-----BEGIN', signature_secret: 'x' },
  },
  sip: {
    listen: ['udp:0.0.0.0:5060', 'tcp:[::]:5060', 'tls:10.0.0.1:5061'],
    public_address: '203.0.113.9',
    domains: ['voice.example.com'],
    strangers: 'silence',
    srtp: 'required',
    trunks: [
      {
        name: 'office',
        addresses: ['203.0.113.0/24', '2001:db8::/32'],
        username: 'u',
        password: 'p',
        register: { server: 'sip.example.com', username: 'u', password: 'p' },
        proxy: 'sip:edge.example.com;lr',
      },
    ],
  },
  outbound: { prefixes: ['+1'], domains: ['pbx.example.com'], calls_at_once: 2, from: '+15550001111', by: 'sip:office' },
  machine: { policy: 'leave-message', message: 'Hello.' },
};

/** A copy in which a change was made. */
function changed(change: (file: Record<string, never> & typeof whole) => void): unknown {
  const copy = structuredClone(whole) as never;
  change(copy);
  return copy;
}

function mistakesIn(content: unknown): readonly string[] {
  try {
    routesOf(content, '/etc/telephony.json', { environment });
    return [];
  } catch (error) {
    if (error instanceof RoutesFileError) return error.mistakes;
    throw error;
  }
}

describe('a file', () => {
  test('with everything in it is read', () => {
    const file = routesOf(whole, '/etc/telephony.json', { environment });
    expect(file.public_url).toBe('https://voice.example.com');
    expect(file.carriers.twilio).toEqual({ account_sid: 'AC1', auth_token: 'tok-12345' });
    expect(file.routes[0]).toMatchObject({
      answer: { when: 'after', ms: 2000 },
      greeting: 'Hello.',
      collect_digits: { endKey: '*', most: 4, pauseMs: 2000 },
    });
    expect(file.routes[1]).toMatchObject({ answer: { when: 'webhook' }, greeting: undefined, tools: [], session: {} });
    expect(outboundRules(file)).toEqual({
      prefixes: ['+1'],
      domains: ['pbx.example.com'],
      limits: { callsAtOnce: 2, callsPerMinute: 10, callsPerDay: 500, secondsPerDay: 36_000 },
    });
  });

  test('with nothing in it routes nothing and calls nobody', () => {
    expect(routesOf({}, 'x', { environment })).toEqual({
      routes: [],
      webhooks: [],
      carriers: {},
      outbound: { prefixes: [], domains: [], calls_at_once: 4, calls_per_minute: 10, calls_per_day: 500, seconds_per_day: 36_000 },
      machine: { policy: 'continue', by: 'parley' },
    });
  });

  test('is read from the disk', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-routes-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'telephony.json');
    expect(() => readRoutesFile(path, { environment })).toThrow(`The telephony file ${path} cannot be used: It cannot be read (ENOENT).`);
    writeFileSync(path, '{"carriers": {"twilio": {"auth_token": "s3cret-token" "x"}}}');
    expect(() => readRoutesFile(path, { environment })).toThrow(SetupError);
    expect(() => readRoutesFile(path, { environment })).toThrow(/It is no JSON from its character \d+ on\.$/);
    writeFileSync(path, '[]');
    expect(() => readRoutesFile(path, { environment })).toThrow('It must hold one JSON object.');
    writeFileSync(path, JSON.stringify(whole));
    expect(readRoutesFile(path, { environment }).routes).toHaveLength(2);
  });

  test('names the addresses of a trunk', () => {
    const [trunk] = routesOf(whole, 'x', { environment }).sip?.trunks ?? [];
    if (!trunk) throw new Error('no trunk');
    const list = addressesOf(trunk);
    expect(['203.0.113.77', '203.0.114.1'].map((address) => list.check(address, 'ipv4'))).toEqual([true, false]);
    expect(list.check('2001:db8::1', 'ipv6')).toBe(true);
  });
});

describe('a mistake is said with its place', () => {
  test.each<[Parameters<typeof changed>[0], string]>([
    [(file) => void Object.assign(file, { rutes: [] }), 'rutes is no setting of this file.'],
    [(file) => void Object.assign(file.routes[0] as object, { nubmers: [] }), 'routes[0].nubmers is no setting of this file.'],
    [(file) => void Reflect.deleteProperty(file.routes[1] as object, 'numbers'), 'routes[1].numbers is missing.'],
    [(file) => void Object.assign(file.routes[1] as object, { numbers: '*' }), 'routes[1].numbers must be a list.'],
    [
      (file) => void Object.assign(file.routes[0]?.numbers as object, { 1: 'example.com' }),
      'routes[0].numbers[1] must be a number like +15552345678, a SIP address like sip:*@example.com, or *.',
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { name: 'two words' }),
      'routes[0].name must be a name of letters, digits, dots, _ and -.',
    ],
    [
      (file) => void Object.assign(file.routes[1] as object, { name: 'reception' }),
      "routes[1].name is 'reception', as that of another before it.",
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { carriers: ['pigeon'] }),
      "routes[0].carriers[0] must be one of 'twilio', 'signalwire', 'telnyx', 'plivo', 'vonage', 'sip', 'asterisk', 'stream'.",
    ],
    [
      (file) => void Reflect.deleteProperty(file.carriers, 'twilio'),
      "routes[0].carriers[0] is 'twilio', which is not configured under carriers.",
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { trunks: ['home'] }),
      "routes[0].trunks[0] is 'home', and sip.trunks has none of that name.",
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { answer: 'later' }),
      'routes[0].answer must be "at-once", "webhook" or {"after_ms": 2000}.',
    ],
    [
      (file) => void Object.assign(file.webhooks[0] as object, { events: ['realtime.call.ended'] }),
      "routes[1].answer is 'webhook', and none of the webhooks is told of realtime.call.incoming.",
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { session: { colour: 'red' } }),
      'routes[0].session.colour is no field of a session.',
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { session: { audio: { output: { speed: 9 } } } }),
      "routes[0].session.audio.output.speed cannot be used. Invalid value for 'session.audio.output.speed': Too big: expected number to be <=1.5.",
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { session: { type: 'transcription' } }),
      'routes[0].session.type must be realtime: a call is answered.',
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { overridable: ['__proto__'] }),
      'routes[0].overridable[0] must be the name of a session’s field, like audio.output.voice.',
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { tools: ['fly'] }),
      "routes[0].tools[0] must be one of 'transfer', 'send_digits', 'hang_up'.",
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { transfer_to: {} }),
      "routes[0].tools has 'transfer', and routes[0].transfer_to names nobody to hand over to.",
    ],
    [
      (file) => void Object.assign(file.routes[0] as object, { transfer_to: { sales: '+19005551234' } }),
      'routes[0].transfer_to.sales could never be called: This number is a premium-rate number: the prefix +1900 is not allowed here. (outbound says where.)',
    ],
    [
      (file) => void Object.assign(file.routes[0]?.collect_digits as object, { most: 0 }),
      'routes[0].collect_digits.most must be 1 or more.',
    ],
    [
      (file) => void Object.assign(file, { public_url: 'voice.example.com' }),
      'public_url must be an address that begins with https:// or http://.',
    ],
    [
      (file) => void Reflect.deleteProperty(file, 'public_url'),
      'public_url is missing: the carriers have to be told where this server is.',
    ],
    [
      (file) => void Object.assign(file.webhooks[0] as object, { events: ['realtime.call.started'] }),
      'webhooks[0].events[0] must mean events: realtime.call.*, or realtime.call.incoming, realtime.call.ringing, realtime.call.answered, realtime.call.transferred, realtime.call.transfer_failed, realtime.call.party_changed, realtime.call.machine_detected, realtime.call.ended.',
    ],
    [
      (file) => void Object.assign(file.webhooks[0] as object, { secret: 'hunter2' }),
      'webhooks[0].secret cannot be used: a webhook secret begins with whsec_.',
    ],
    [
      (file) => void Object.assign(file.carriers.twilio, { auth_token: 'env:MISSING' }),
      'carriers.twilio.auth_token names the environment variable MISSING, which is not set.',
    ],
    [
      (file) => void Object.assign(file.carriers.twilio, { auth_token: 'env:EMPTY' }),
      'carriers.twilio.auth_token names the environment variable EMPTY, which is not set.',
    ],
    [(file) => void Object.assign(file.carriers.plivo, { auth_token: 5 }), 'carriers.plivo.auth_token must be a string.'],
    [
      (file) => void Object.assign(file.sip, { listen: ['5060'] }),
      'sip.listen[0] must be like udp:0.0.0.0:5060, tcp:[::]:5060 or tls:0.0.0.0:5061.',
    ],
    [(file) => void Object.assign(file.sip, { public_address: 'voice' }), 'sip.public_address must be an IP address.'],
    [(file) => void Object.assign(file.sip, { srtp: 'maybe' }), "sip.srtp must be one of 'off', 'when-offered', 'required'."],
    [
      (file) => void Object.assign(file.sip.trunks[0] as object, { addresses: ['10.0.0.0/33'] }),
      'sip.trunks[0].addresses[0] must be an address or a network like 203.0.113.0/24.',
    ],
    [
      (file) => void (file.sip.trunks[0] = { name: 'office' } as never),
      'sip.trunks[0] needs addresses, a password, tls_names or a registration: nobody could be known to come by it.',
    ],
    [
      (file) => void Object.assign(file.sip.trunks[0] as object, { tls_names: ['sip.example.com'] }),
      'sip.trunks[0].tls_names needs sip.tls_ca, which says whose certificates are believed, and a place in sip.listen with tls.',
    ],
    [
      (file) => void (file.sip.trunks[0] = { name: 'office', addresses: ['192.0.2.1'], hashes: ['md5'] } as never),
      'sip.trunks[0].hashes is about a password, and there is none.',
    ],
    [
      (file) => void Object.assign(file.sip.trunks[0] as object, { hashes: ['sha-1'] }),
      "sip.trunks[0].hashes[0] must be one of 'sha-256', 'md5'.",
    ],
    ...['http://sip.example.com', 'sip:me@sip.example.com', 'sip.example.com/', ''].map(
      (proxy): [Parameters<typeof changed>[0], string] => [
        (file) => void Object.assign(file.sip.trunks[0] as object, { proxy }),
        'sip.trunks[0].proxy must be a host, or a URI like sip:host:5070 or sip:host;transport=tcp.',
      ],
    ),
    [
      (file) => void Reflect.deleteProperty(file.sip.trunks[0] as object, 'password'),
      'sip.trunks[0] needs a username and a password, or neither.',
    ],
    [
      (file) => void Object.assign(file.outbound, { prefixes: ['1'] }),
      'outbound.prefixes[0] must be a prefix of numbers like +1 or +4930.',
    ],
    [(file) => void Object.assign(file.outbound, { calls_at_once: 1.5 }), 'outbound.calls_at_once must be a whole number.'],
    [
      (file) => void Object.assign(file.outbound, { by: 'sip:home' }),
      "outbound.by must be a carrier that is configured, or sip:<trunk> with the name of a trunk, not 'sip:home'.",
    ],
    [
      (file) => {
        for (const way of ['proxy', 'register']) Reflect.deleteProperty(file.sip.trunks[0] as object, way);
      },
      'sip.trunks[0] needs a proxy or a registration: outbound.by places calls by it, and it leads nowhere.',
    ],
    [
      (file) => void Object.assign(file.outbound, { by: 'telnyx' }),
      'carriers.telnyx.connection_id is missing: outbound.by places calls with it.',
    ],
    [
      (file) => void Object.assign(file.machine, { by: 'provider' }),
      "machine.by is 'provider', and outbound.by places calls by SIP, where nobody else finds out if a machine answers.",
    ],
    [
      (file) => void Object.assign(file.machine, { policy: 'shout' }),
      "machine.policy must be one of 'hang-up', 'leave-message', 'continue'.",
    ],
  ])('%#: %s', (change, sentence) => {
    expect(mistakesIn(changed(change))).toContain(sentence);
  });

  test('all of them at once, up to ten', () => {
    const bad = changed((file) => {
      Object.assign(file.routes[0] as object, { answer: 'later', tools: ['fly'] });
      Object.assign(file.sip, { srtp: 'maybe' });
    });
    expect(mistakesIn(bad)).toHaveLength(3);
    const many = { routes: Array.from({ length: 20 }, () => ({ name: '', numbers: ['*'] })) };
    expect([mistakesIn(many).length, mistakesIn(many).at(-1)]).toEqual([11, 'And 10 more.']);
  });

  test('a key that there is not, without what stands there, which may be a key itself', () => {
    const file = routesOf(
      changed((each) => void Object.assign(each.routes[0] as object, { key: 'sk-secret' })),
      'x',
      { environment },
    );
    expect(keyMistakes(file, new Set(['key_1', 'configured_2']))).toEqual([
      'routes[0].key is the id of no key that holds. Those of this server are: key_1, configured_2.',
    ]);
    expect(keyMistakes(file, new Set(['sk-secret']))).toEqual([]);
  });

  test('none is said with a secret', () => {
    const bad = changed((file) => {
      Object.assign(file.carriers.twilio, { auth_token: ['s3cret-token'] });
      Object.assign(file.webhooks[0] as object, { secret: 's3cret-hook' });
      Object.assign(file.sip.trunks[0] as object, { password: { is: 's3cret-password' } });
    });
    const said = mistakesIn(bad).join(' ');
    expect(mistakesIn(bad)).toHaveLength(3);
    expect(said).not.toContain('s3cret');
  });
});
