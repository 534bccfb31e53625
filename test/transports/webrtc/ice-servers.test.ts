// Credentials for TURN as coturn reckons them.
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { iceServers } from '../../../src/transports/webrtc/ice-servers.ts';

const nothing = { stunUrls: [], turnUrls: [], turnSecret: undefined, turnSeconds: 3600 };

test('E14: a TURN server that shares a secret gets credentials that expire', () => {
  const servers = iceServers(
    { ...nothing, stunUrls: ['stun:a:3478'], turnUrls: ['turn:a:3478', 'turn:a:3478?transport=tcp'], turnSecret: 'shared' },
    'rtc_1',
    1_000_000,
  );
  const username = '4600:rtc_1';
  const credential = createHmac('sha1', 'shared').update(username).digest('base64');
  expect(servers).toEqual([{ urls: ['stun:a:3478'] }, { urls: ['turn:a:3478', 'turn:a:3478?transport=tcp'], username, credential }]);
});

test('E14: what is not configured is not offered', () => {
  expect(iceServers(nothing, 'rtc_1', 0)).toEqual([]);
  expect(iceServers({ ...nothing, turnUrls: ['turn:open:3478'] }, 'rtc_1', 0)).toEqual([{ urls: ['turn:open:3478'] }]);
});
