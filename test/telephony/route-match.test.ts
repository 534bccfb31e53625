// Which route a call takes, and what its parameters may set.
import { describe, expect, test } from 'vitest';
import { matchRoute, notOverridable, overridden } from '../../src/telephony/route-match.ts';
import { routesOf } from '../../src/telephony/routes-file.ts';

const file = routesOf(
  {
    public_url: 'https://voice.example.com',
    carriers: { twilio: { account_sid: 'AC1', auth_token: 'x' } },
    sip: { listen: ['udp:127.0.0.1:5060'], trunks: [{ name: 'office', addresses: ['10.0.0.1'] }] },
    routes: [
      { name: 'sales', numbers: ['+1555234*', 'sip:sales@*'] },
      { name: 'office', numbers: ['*'], trunks: ['office'] },
      { name: 'twilio', numbers: ['+*'], carriers: ['twilio'] },
      { name: 'domain', numbers: ['sip:*@Voice.Example.com'], carriers: ['sip'] },
      { name: 'extension', numbers: ['10*1', '77*77'], carriers: ['sip'] },
    ],
  },
  'x',
  { environment: {} },
);

describe('a call takes', () => {
  test.each<[string | undefined, { carrier: string; to: string; trunk?: string }]>([
    ['sales', { carrier: 'sip', to: '+15552345678', trunk: 'office' }],
    ['sales', { carrier: 'twilio', to: 'tel:+1-555-234-0000' }],
    ['sales', { carrier: 'sip', to: 'sip:+15552345678@voice.example.com' }],
    ['sales', { carrier: 'sip', to: 'sips:sales@other.example:5061;transport=tls' }],
    ['office', { carrier: 'sip', to: '+49301234567', trunk: 'office' }],
    ['twilio', { carrier: 'twilio', to: '+49301234567' }],
    ['domain', { carrier: 'sip', to: 'SIP:Ann@VOICE.example.com:5060;user=phone' }],
    ['domain', { carrier: 'sip', to: 'sip:voice.example.com' }],
    ['extension', { carrier: 'sip', to: '1001' }],
    ['extension', { carrier: 'sip', to: 'sip:101@pbx.example' }],
    [undefined, { carrier: 'sip', to: '11' }],
    [undefined, { carrier: 'sip', to: '777' }],
    ['extension', { carrier: 'sip', to: '7777' }],
    [undefined, { carrier: 'sip', to: 'sip:ann@voice.example.com.evil.example' }],
    [undefined, { carrier: 'sip', to: '+49301234567' }],
    [undefined, { carrier: 'sip', to: '', trunk: 'home' }],
    [undefined, { carrier: 'sip', to: 'sip:Sales@other.example' }],
  ])('%s: %j', (name, call) => {
    expect(matchRoute(file, call)?.name).toBe(name);
  });

  test('its route in time that does not explode with the pattern', () => {
    const pattern = `${'1*'.repeat(200)}2`;
    const routes = routesOf({ routes: [{ name: 'r', numbers: [pattern] }] }, 'x', { environment: {} });
    expect(matchRoute(routes, { carrier: 'sip', to: '1'.repeat(100_000) })).toBeUndefined();
    expect(matchRoute(routes, { carrier: 'sip', to: `${'1'.repeat(100_000)}2` })?.name).toBe('r');
  });
});

describe('parameters', () => {
  const session = { model: 'm', audio: { output: { voice: 'Olivia', speed: 1 }, input: { format: { type: 'audio/pcmu' } } } };

  test('set what they may, and leave the rest', () => {
    const given = [
      { name: 'audio.output.voice', value: 'Dennis' },
      { name: 'audio.output.speed', value: '1.2' },
      { name: 'instructions', value: '42' },
      { name: 'model', value: 'other' },
      { name: 'Contact', value: 'x' },
    ];
    const { session: next, refused } = overridden(session, given, ['audio.output.voice', 'audio.output.speed', 'instructions']);
    expect(next).toEqual({
      model: 'm',
      instructions: '42',
      audio: { output: { voice: 'Dennis', speed: 1.2 }, input: { format: { type: 'audio/pcmu' } } },
    });
    expect(refused).toEqual([]);
    expect(session.audio.output.voice).toBe('Olivia');
  });

  test('may be headers of SIP, in any case', () => {
    const given = [{ name: 'x-parley-AUDIO-output-Voice', value: 'Dennis' }];
    expect(overridden(session, given, ['audio.output.voice']).session).toMatchObject({ audio: { output: { voice: 'Dennis', speed: 1 } } });
  });

  test('with a value that cannot be are refused by name, and change nothing', () => {
    const given = [
      { name: 'audio.output.speed', value: 'fast' },
      { name: 'max_output_tokens', value: '-1' },
      { name: 'instructions', value: 'x'.repeat(10_001) },
    ];
    expect(overridden(session, given, ['audio.output.speed', 'max_output_tokens', 'instructions'])).toEqual({
      session,
      refused: ['audio.output.speed', 'max_output_tokens', 'instructions'],
    });
  });

  test('that nobody lets set anything set nothing', () => {
    expect(overridden(session, [{ name: 'instructions', value: 'x' }], [])).toEqual({ session, refused: [] });
  });
});

describe('what is set of a route’s session', () => {
  test.each([
    [{}, [], undefined],
    [{ type: 'realtime' }, [], undefined],
    [{ instructions: 'x' }, [], 'instructions'],
    [{ instructions: 'x' }, ['instructions'], undefined],
    [{ audio: { output: { voice: 'Olivia' } } }, ['audio.output.voice'], undefined],
    [{ audio: { output: { voice: 'Olivia', speed: 1.2 } } }, ['audio.output.voice'], 'audio.output.speed'],
    [{ audio: { output: { voice: 'Olivia', speed: 1.2 } } }, ['audio'], undefined],
    [{ audio: { output: { voice: 'Olivia' } } }, ['audio.output.voices'], 'audio.output.voice'],
    [{ tools: [{ type: 'function', name: 'f' }] }, ['tools'], undefined],
    [{ audio: {} }, [], 'audio'],
  ])('%j where %j may be set: %s may not', (session, overridable, field) => {
    expect(notOverridable(session, overridable)).toBe(field);
  });
});
