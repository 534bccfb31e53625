// Acknowledgements while the user speaks: when one is decided on, what is said, and everything that keeps it from being said.
import { describe, expect, test } from 'vitest';
import { Rig, type RigOptions, serverVad } from './rig.ts';

const rule = { enabled: true, decider_kind: 'rule' };
const llm = { enabled: true, small_model: 'groq/small' };

/** A rig whose client wants to be acknowledged, in a turn that begins now. */
function listening(backchannel: Record<string, unknown>, options: RigOptions = {}): Rig {
  const rig = new Rig({
    ...options,
    configure: (config) => {
      config.providerData = { backchannel };
      options.configure?.(config);
    },
  });
  rig.beginSpeech();
  return rig;
}

function asides(rig: Rig, kind: 'aside.ask' | 'aside.speak' | 'aside.abort'): string[] {
  return rig.effects.flatMap((effect) => {
    if (effect.kind !== kind) return [];
    return 'aside' in effect ? effect.aside : effect.order.aside;
  });
}

const phrases = (rig: Rig) => rig.all('response.backchannel.audio.done').map(({ phrase }) => phrase);
const reasons = (rig: Rig) => rig.all('response.backchannel.skipped').map(({ reason }) => reason);

/** The voice has made the sound of what it was last told to say. */
function spoken(rig: Rig, ms = 400): void {
  const aside = asides(rig, 'aside.speak').at(-1) ?? '';
  rig.fact({ kind: 'aside.spoken', aside, bytes: new Uint8Array(ms * 48), ms, words: [] });
}

const said = (rig: Rig, text: string) => rig.fact({ kind: 'aside.said', aside: asides(rig, 'aside.ask').at(-1) ?? '', text });

describe('an acknowledgement', () => {
  test('F41 S56 S57 is decided on by a small model, spoken, and neither takes the turn nor is remembered', () => {
    const rig = listening(llm);
    rig.hear(400);
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'so yesterday I went' });
    rig.hear(400);
    said(rig, '"I see."');
    spoken(rig);
    rig.hear(600);
    rig.pauseSpeech();
    rig.hear(500);
    rig.transcript('item_1', 'So yesterday I went to the market.');
    rig.answer('resp_1', 'How nice.', 600);
    rig.golden('backchannel');
    expect(JSON.stringify(rig.prompts)).not.toContain('I see');
    expect(rig.endings).toEqual(['resp_1 completed']);
  });

  test('F41 eval_interval_ms, min_speech_ms: the first decision comes when the turn is old enough, the others follow at their pace', () => {
    const rig = listening({ ...llm, min_speech_ms: 1000, eval_interval_ms: 500 });
    rig.hear(980);
    expect(asides(rig, 'aside.ask')).toEqual([]);
    rig.hear(20);
    expect(asides(rig, 'aside.ask')).toEqual(['bc_1']);
    said(rig, 'NONE');
    rig.hear(480);
    expect(asides(rig, 'aside.ask')).toEqual(['bc_1']);
    rig.hear(20);
    expect(asides(rig, 'aside.ask')).toEqual(['bc_1', 'bc_2']);
  });

  test('F41 min_gap_ms counts from the end of the last one', () => {
    const rig = listening({ ...rule, min_gap_ms: 2000 }, {});
    rig.hear(800);
    spoken(rig, 400);
    rig.hear(2380);
    expect(asides(rig, 'aside.speak')).toEqual(['bc_1']);
    rig.hear(20);
    expect(asides(rig, 'aside.speak')).toEqual(['bc_1', 'bc_2']);
  });

  test('F41 max_per_turn is a turn’s own', () => {
    const rig = listening({ ...rule, min_gap_ms: 0, max_per_turn: 2 }, { turnDetection: { ...serverVad, create_response: false } });
    for (let at = 0; at < 6; at += 1) {
      rig.hear(800);
      spoken(rig, 100);
    }
    expect(phrases(rig)).toHaveLength(2);
    rig.pauseSpeech();
    rig.hear(500);
    rig.beginSpeech();
    rig.hear(800);
    spoken(rig, 100);
    expect(phrases(rig)).toHaveLength(3);
  });

  test('F41 require_pause: waits for one', () => {
    const rig = listening({ ...rule, require_pause: true });
    rig.hear(3000);
    expect(asides(rig, 'aside.speak')).toEqual([]);
    rig.pauseSpeech();
    rig.wait(0);
    expect(asides(rig, 'aside.speak')).toEqual(['bc_1']);
    rig.fact({ kind: 'speech.began', atMs: 3300 });
    spoken(rig);
    expect(phrases(rig)).toEqual(['I see']);
  });

  test('F41 volume_gain and the voice of the session go with it; the sound is PCM16 at 24 kHz whatever the format', () => {
    const rig = listening(
      { ...rule, volume_gain: 0.25 },
      {
        configure: ({ audio }) => {
          audio.output.format = { type: 'audio/pcmu' };
          audio.output.voice = 'Olivia';
          audio.output.speed = 1.2;
        },
      },
    );
    rig.hear(800);
    expect(rig.effects.find((effect) => effect.kind === 'aside.speak')?.order).toEqual({
      aside: 'bc_1',
      manner: { segmenter: 'auto', steering: undefined, language: undefined, deliveryMode: undefined },
      text: 'I see',
      voice: 'Olivia',
      ttsModel: rig.config.audio.output.model,
      speed: 1.2,
      format: { type: 'audio/pcm', rate: 24_000 },
      gain: 0.25,
    });
  });
});

describe('the lot', () => {
  test.each([
    [0.29, ['yes']],
    [0.3, []],
  ])('F41 rule_fire_probability: %f against 0.3', (drawn, expected) => {
    const rig = listening({ ...rule, rule_fire_probability: 0.3, allowed_phrases: ['yes'] }, { chance: () => drawn });
    rig.hear(800);
    if (expected.length > 0) spoken(rig);
    expect(phrases(rig)).toEqual(expected);
    expect(reasons(rig)).toEqual(expected.length > 0 ? [] : ['declined']);
  });

  test('F41 allowed_phrases: one of them, each as likely', () => {
    const drawn = [0, 0.99];
    const rig = listening({ ...rule, allowed_phrases: ['yes', 'no', 'maybe'] }, { chance: () => drawn.shift() ?? 0 });
    rig.hear(800);
    spoken(rig);
    expect(phrases(rig)).toEqual(['maybe']);
  });
});

describe('the model', () => {
  test('F41 is the small one, with its own settings, the tail of the conversation and the words so far', () => {
    const rig = new Rig({ turnDetection: { ...serverVad, create_response: false } });
    rig.client({ type: 'session.update', session: { providerData: { backchannel: { ...llm, historyTailItems: 2, temperature: 0.1 } } } });
    for (const text of ['First.', 'Second.', 'Third.']) rig.says(text);
    rig.beginSpeech();
    rig.fact({ kind: 'transcript.partial', item: 'item_4', text: 'and then I' });
    rig.hear(800);
    const ask = rig.effects.find((effect) => effect.kind === 'aside.ask');
    expect(ask?.order).toEqual({ aside: 'bc_1', model: 'groq/small', temperature: 0.1, maxOutputTokens: 6 });
    expect(ask?.prompt).toMatchObject({
      tools: [],
      turns: ['Second.', 'Third.', 'and then I'].map((text) => ({ role: 'user', parts: [{ type: 'text', text }] })),
    });
    expect(ask?.prompt.instructions).toContain('I see, Right');
  });

  test('F41 small_model: the session’s own where none is named', () => {
    const rig = listening({ enabled: true });
    rig.hear(800);
    expect(rig.effects.find((effect) => effect.kind === 'aside.ask')?.order.model).toBe('openai/gpt-4o-mini');
  });

  test('F41 prompt_template: its names are filled in, and nothing else of it is touched', () => {
    const rig = listening({
      ...llm,
      prompt_template: 'Choose: {{phrases}}. Heard: {{ transcript }}. {{other}}',
      allowed_phrases: ['ja', 'genau'],
      history_tail_items: 0,
    });
    rig.fact({ kind: 'transcript.partial', item: 'item_1', text: 'also gestern' });
    rig.hear(800);
    expect(rig.effects.find((effect) => effect.kind === 'aside.ask')?.prompt.instructions).toBe(
      'Choose: ja, genau. Heard: also gestern. {{other}}',
    );
  });

  test.each([
    ['', 'declined'],
    ['none.', 'declined'],
    ['What do you mean?', 'phrase_not_allowed'],
  ])('S58 says %j, and nothing is spoken', (text, reason) => {
    const rig = listening(llm);
    rig.hear(800);
    said(rig, text);
    expect(asides(rig, 'aside.speak')).toEqual([]);
    expect(reasons(rig)).toEqual([reason]);
  });

  test('S58 fails: that is a reason too', () => {
    const rig = listening(llm);
    rig.hear(800);
    rig.fact({ kind: 'aside.failed', aside: 'bc_1' });
    expect(reasons(rig)).toEqual(['failed']);
  });

  test('F41 hard_deadline_ms: is for model and voice together; what comes later is not heard', () => {
    const rig = listening({ ...llm, hard_deadline_ms: 1000 });
    rig.hear(1400);
    said(rig, 'I see');
    rig.hear(400);
    expect(reasons(rig)).toEqual(['deadline']);
    expect(asides(rig, 'aside.abort')).toEqual(['bc_1']);
    spoken(rig);
    expect(phrases(rig)).toEqual([]);
    rig.hear(800);
    expect(asides(rig, 'aside.ask')).toEqual(['bc_1', 'bc_2']);
  });
});

describe('an acknowledgement on its way is given up', () => {
  test.each<[string, string, (rig: Rig) => void]>([
    ['when the turn ends without an answer', 'turn_ended', (rig) => rig.client({ type: 'input_audio_buffer.clear' })],
    ['when an answer begins', 'answer_began', (rig) => rig.client({ type: 'response.create' })],
    ['when the client silences the server', 'cleared', (rig) => rig.client({ type: 'output_audio_buffer.clear' })],
    ['when it is turned off', 'disabled', (rig) => turnOff(rig, { providerData: { backchannel: { enabled: false } } })],
    ['when the session turns to text', 'disabled', (rig) => turnOff(rig, { output_modalities: ['text'] })],
  ])('F41 %s', (_when, reason, happen) => {
    const rig = listening(rule);
    rig.hear(800);
    happen(rig);
    expect(reasons(rig)).toEqual([reason]);
    expect(asides(rig, 'aside.abort')).toEqual(['bc_1']);
    spoken(rig);
    expect(phrases(rig)).toEqual([]);
  });
});

describe('nobody is acknowledged', () => {
  test.each<[string, Record<string, unknown>, RigOptions]>([
    ['unless a client asks for it', {}, {}],
    ['in a transcription session', rule, { configure: (config) => void (config.type = 'transcription') }],
    ['where answers are written', rule, { configure: (config) => void (config.output_modalities = ['text']) }],
  ])('F41 %s', (_where, backchannel, options) => {
    const rig = listening(backchannel, options);
    rig.hear(5000);
    expect(asides(rig, 'aside.speak')).toEqual([]);
    expect(reasons(rig)).toEqual([]);
  });

  test('F41 while an answer is still being heard', () => {
    const rig = new Rig({
      turnDetection: { ...serverVad, interrupt_response: false },
      configure: (config) => void (config.providerData = { backchannel: rule }),
    });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.answer('resp_1', 'A long answer.', 3000);
    rig.beginSpeech();
    rig.hear(2880);
    expect(asides(rig, 'aside.speak')).toEqual([]);
    rig.hear(40);
    expect(asides(rig, 'aside.speak')).toEqual(['bc_1']);
  });
});

test.each([
  ['small_model', 'no-such'],
  ['eval_interval_ms', 1],
  ['decider_kind', 'coin'],
  ['allowed_phrases', 'mhm'],
])('F41 a %s that cannot be used is refused by name and changes nothing', (key, value) => {
  const rig = new Rig();
  rig.client({ type: 'session.update', session: { providerData: { backchannel: { enabled: true, [key]: value } } } });
  const { error } = rig.last('error');
  expect(error.param).toBe(`session.providerData.backchannel.${key}`);
  expect(rig.config.providerData).toBeUndefined();
});

function turnOff(rig: Rig, session: Record<string, unknown>): void {
  rig.client({ type: 'session.update', session });
}
