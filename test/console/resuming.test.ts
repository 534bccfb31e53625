// What the page keeps so that it can take its session up again, and what it says again then.
import { expect, test } from 'vitest';
import type { ServerEvent } from '../../console/src/realtime/events.ts';
import { hearing, type Resuming, saying, unheard } from '../../console/src/realtime/resuming.ts';
import { query } from '../../console/src/transport/destination.ts';

const created = (more: object = { parley: { resume: { token: 't1', seconds: 30 } } }) =>
  ({ type: 'session.created', event_id: 'event_1', session: { id: 'sess_1', ...more } }) as unknown as ServerEvent;
const event = (id: string) => ({ type: 'input_audio_buffer.cleared', event_id: id }) as ServerEvent;

test('a session that may be resumed is known by its creation, its newest token and the last event of it', () => {
  let known = hearing(undefined, created());
  known = hearing(known, event('event_2'));
  expect(known).toMatchObject({ session: 'sess_1', token: 't1', seconds: 30, lastEvent: 'event_2' });
  const resumed = { type: 'session.resumed', event_id: 'event_9', resume: { token: 't2', seconds: 20 } } as unknown as ServerEvent;
  known = hearing(known, resumed);
  expect(known).toMatchObject({ session: 'sess_1', token: 't2', seconds: 20, lastEvent: 'event_9' });
  // A new session has nothing of the old one.
  expect(hearing(known, created({}))).toBeUndefined();
  expect(hearing(undefined, event('event_3'))).toBeUndefined();
});

test('what has not come there is said again, in its order; sound is not, and is not counted', () => {
  let known = hearing(undefined, created());
  const say = (type: string) => {
    known = saying(known, { type });
  };
  for (const type of ['session.update', 'input_audio_buffer.append', 'conversation.item.create', 'response.create']) say(type);
  const missing = (received: number) => unheard(known as Resuming, received).map(({ type }) => type);
  expect(missing(3)).toEqual([]);
  expect(missing(1)).toEqual(['conversation.item.create', 'response.create']);
  for (let n = 0; n < 100; n++) say(`event ${n}`);
  expect(missing(101)).toEqual(['event 98', 'event 99']);
  expect(missing(0)).toHaveLength(50);
  expect(saying(undefined, { type: 'response.create' })).toBeUndefined();
});

test('the address names the session and the last event, and never the token', () => {
  const resume = { session: 'sess_1', token: 'secret', lastEvent: 'event_2' };
  expect(query({ secret: 'ek_1', model: undefined, resume: undefined })).toBe('');
  expect(query({ secret: 'ek_1', model: 'a/b', resume: undefined })).toBe('?model=a%2Fb');
  expect(query({ secret: 'ek_1', model: 'a/b', resume })).toBe('?model=a%2Fb&resume=sess_1&last_event=event_2');
});
