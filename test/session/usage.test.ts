// What a response has used when it is cut, and that a model which only thinks is not taken for one that has stopped.
import { expect, test } from 'vitest';
import { textTokens } from '../../src/session/conversation/context.ts';
import { Rig, wordsOf } from './rig.ts';

const usage = { inputTokens: 90, outputTokens: 40, cachedTokens: 30 };

function asked(): Rig {
  const rig = new Rig();
  rig.says('Count to ten, please.');
  rig.client({ type: 'response.create' });
  return rig;
}

const used = (rig: Rig) => rig.last('response.done').response.usage;

test('F45: of a response that is cut while it is spoken, what its model has told is told', () => {
  const rig = asked();
  rig.text('resp_1', 'one two three');
  rig.audio('resp_1', 3000, wordsOf('one two three', 3000));
  rig.fact({ kind: 'run.usage', run: 'run_1', usage: { ...usage, outputTokens: 1 } });
  rig.fact({ kind: 'run.usage', run: 'run_1', usage });
  rig.hear(1000);
  rig.beginSpeech();
  expect(rig.endings).toEqual(['resp_1 cancelled']);
  expect(used(rig)).toMatchObject({ total_tokens: 130, input_tokens: 90, output_tokens: 40, input_token_details: { cached_tokens: 30 } });
  rig.golden('usage-of-a-cut-answer');
});

test('F45: of one that is cut before its model has told, it is reckoned from the prompt and all that came, heard or not', () => {
  const rig = asked();
  rig.client({ type: 'response.cancel' });
  const input = used(rig)?.input_tokens ?? 0;
  expect(input).toBeGreaterThanOrEqual(textTokens('Be brief.') + textTokens('Count to ten, please.'));
  expect(input).toBeLessThan(20);
  expect(used(rig)).toMatchObject({ output_tokens: 0, total_tokens: input });

  rig.says('Go on. '.repeat(100));
  rig.client({ type: 'response.create' });
  const answer = 'one two three '.repeat(10);
  rig.text('resp_2', answer);
  rig.audio('resp_2', 9000, wordsOf(answer.trim(), 9000));
  rig.call('resp_2', 'call_1', 'weather', '{"city":"Paris"}');
  rig.hear(500);
  rig.beginSpeech();
  expect(rig.endings).toEqual(['resp_1 cancelled', 'resp_2 cancelled']);
  expect(used(rig)?.input_tokens).toBeGreaterThan(input + 170);
  expect(used(rig)?.input_tokens).toBeLessThan(input + 200);
  expect(used(rig)?.output_tokens).toBe(textTokens(answer) + textTokens('weather') + textTokens('{"city":"Paris"}'));
});

test('F45: one whose model was not asked yet has used nothing', () => {
  const rig = new Rig();
  rig.utter(600);
  rig.client({ type: 'response.cancel' });
  expect(rig.endings).toEqual(['resp_1 cancelled']);
  expect(used(rig)).toMatchObject({ total_tokens: 0 });
});

test('F45: one that is cut while its tools run has used what its model told at its end', () => {
  const rig = new Rig();
  rig.client({
    type: 'session.update',
    session: {
      type: 'realtime',
      tools: [{ type: 'mcp', server_label: 'docs', server_url: 'https://docs.example/mcp', require_approval: 'never' }],
    },
  });
  const list = rig.last('conversation.item.added').item.id ?? '';
  rig.listed(list, 'get_page');
  rig.says('Look it up.');
  rig.client({ type: 'response.create' });
  rig.call('resp_1', 'call_1', 'docs__get_page', '{}');
  rig.end('resp_1', { usage });
  rig.client({ type: 'response.cancel' });
  expect(rig.endings).toEqual(['resp_1 cancelled']);
  expect(used(rig)).toMatchObject({ input_tokens: 90, output_tokens: 40 });
});

test('F45: one that fails in mid-answer has used what came of it, one that was refused nothing', () => {
  const rig = asked();
  rig.text('resp_1', 'one two three');
  const nothing = { inputTokens: 0, outputTokens: 0, cachedTokens: 0 };
  const failure = { code: 'broken', message: 'broken' };
  rig.end('resp_1', { reason: 'failed', usage: nothing, failure });
  expect(used(rig)).toMatchObject({ output_tokens: textTokens('one two three') });
  rig.client({ type: 'response.create' });
  rig.end('resp_2', { reason: 'failed', usage: nothing, failure });
  expect(used(rig)).toMatchObject({ total_tokens: 0 });
});

test('a filler is nothing that the model has said', () => {
  const responsiveness = { enabled: true, enable_filler_on_first_assistant_reply: true };
  const rig = new Rig({ turnDetection: null, configure: (config) => void (config.providerData = { responsiveness }) });
  rig.says('How far is the moon?');
  rig.client({ type: 'response.create' });
  rig.wait(1200);
  rig.fact({ kind: 'aside.spoken', aside: 'fill_1', bytes: new Uint8Array(600 * 48), ms: 600, words: wordsOf('Let me see.', 600) });
  rig.text('resp_1', 'Very far.');
  rig.client({ type: 'response.cancel' });
  expect(rig.all('response.output_audio_transcript.delta').map(({ delta }) => delta)).toEqual(['Let me see. ', 'Very far.']);
  expect(used(rig)?.output_tokens).toBe(textTokens('Very far.'));
});

test('a model that thinks for a minute and says so is waited for; one that says nothing is not', () => {
  const rig = asked();
  for (let count = 0; count < 3; count++) {
    rig.wait(25_000);
    rig.fact({ kind: 'run.alive', run: 'run_1' });
  }
  expect(rig.endings).toEqual([]);
  rig.wait(30_000);
  expect(rig.endings).toEqual(['resp_1 failed']);
  rig.golden('thinking-model');
});

test('a recogniser that goes on guessing is waited for, whether or not anybody is told; one that stops is not', () => {
  for (const told of [true, false]) {
    const rig = new Rig();
    if (!told) rig.client({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription: null } } } });
    rig.utter(600);
    for (const text of ['a', 'a long', 'a long story']) {
      rig.wait(25_000);
      rig.fact({ kind: 'transcript.partial', item: 'item_1', text });
    }
    expect(rig.all('conversation.item.input_audio_transcription.failed')).toEqual([]);
    rig.wait(30_000);
    expect(rig.all('conversation.item.input_audio_transcription.failed')).toHaveLength(1);
    // A guess that comes after the end keeps nothing alive.
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'late' });
    rig.wait(60_000);
    expect(rig.all('conversation.item.input_audio_transcription.failed')).toHaveLength(1);
  }
});
