// Who calls and what was dialled, as an INVITE says it and as its trunk is believed; and the addresses that stand for numbers.
import { describe, expect, test } from 'vitest';
import { addressAtRemote, partiesOf, targetUri } from '../../../src/transports/sip/parties.ts';

const plain = { trustsIdentity: false, dialled: 'request' } as const;
const trusted = { ...plain, trustsIdentity: true };

function call(from: string, headers: Record<string, string> = {}) {
  return {
    from,
    to: '"Us" <sip:+15550099@company.example>',
    requestUri: 'sip:0123456@198.51.100.7',
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
  };
}

describe('who calls', () => {
  const asserted = { 'P-Asserted-Identity': '"A" <sip:+15550001@company.example>' };

  test.each([
    ['a number', '"A" <sip:+15550009@far.example>;tag=1', '+15550009'],
    ['a name', '<sip:alice@far.example>;tag=1', 'sip:alice@far.example'],
    ['a tel URI', '<tel:+15550009>;tag=1', '+15550009'],
    ['withheld', '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', ''],
  ])('is who From names: %s', (_what, from, expected) => {
    expect(partiesOf(call(from, asserted), plain).from).toBe(expected);
  });

  test.each([
    ['who is asserted', asserted, '+15550001'],
    ['the number of two', { 'p-asserted-identity': '<sip:alice@company.example>, <tel:+15550001>' }, '+15550001'],
    ['the address where there is no number', { 'P-Asserted-Identity': '<sip:alice@company.example>' }, 'sip:alice@company.example'],
    ['nobody where it is not to be told', { ...asserted, Privacy: 'id;critical' }, ''],
    ['who is asserted where nothing is withheld', { ...asserted, Privacy: 'none' }, '+15550001'],
    ['who From names where nobody is asserted', {}, '+15550009'],
  ])('is, by a trunk that is believed, %s', (_what, headers, expected) => {
    expect(partiesOf(call('<sip:+15550009@far.example>;tag=1', headers), trusted).from).toBe(expected);
  });
});

test('what was dialled is the address of the request, or the number of To where the trunk says so', () => {
  const invite = call('<sip:a@far.example>;tag=1');
  expect(partiesOf(invite, plain).to).toBe('0123456');
  expect(partiesOf(invite, { ...plain, dialled: 'to' }).to).toBe('+15550099');
});

test('a number that is handed over to is a user of the far side, where that has a domain', () => {
  expect(addressAtRemote('tel:+15559', '<sip:100@pbx.example:5070>;tag=1')).toBe('sip:+15559@pbx.example');
  expect(addressAtRemote('tel:+15559', '<sips:100@[2001:db8::1]>;tag=1')).toBe('sips:+15559@[2001:db8::1]');
  expect(addressAtRemote('sip:a@b', '<sip:100@pbx.example>')).toBe('sip:a@b');
  expect(addressAtRemote('tel:+15559', '<sip:anonymous@anonymous.invalid>;tag=1')).toBe('tel:+15559');
  expect(addressAtRemote('tel:+15559', '<tel:+15550001>;tag=1')).toBe('tel:+15559');
});

test('a number is a user at the proxy of its trunk, and an address stays as it is', () => {
  expect(targetUri('tel:+15550001', 'sip:pbx.example:5070')).toBe('sip:+15550001@pbx.example:5070');
  expect(targetUri('tel:100', 'sips:pbx.example')).toBe('sips:100@pbx.example');
  expect(targetUri('tel:100', 'pbx.example')).toBe('sip:100@pbx.example');
  expect(targetUri('tel:100', 'sip:edge.example:5080;transport=tcp;lr')).toBe('sip:100@edge.example:5080');
  expect(targetUri('tel:100', '[2001:db8::1]:5080')).toBe('sip:100@[2001:db8::1]:5080');
  expect(targetUri('sip:desk@other.example', 'pbx.example')).toBe('sip:desk@other.example');
});
