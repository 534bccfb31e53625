// A run is not a response: what a model does ahead of one is held, and then becomes an answer or leaves no trace.
import { describe, expect, test } from 'vitest';
import type { Fact } from '../../src/session/facts.ts';
import { guests } from '../../src/session/guests/guests.ts';
import { adopt, drop, liveRun } from '../../src/session/response/run.ts';
import type { Response, Run } from '../../src/session/state.ts';
import { adoptHeld, beginAhead, type Deed, dropHeld, Hand } from './hand.ts';
import { Rig, type RigOptions, wordsOf } from './rig.ts';

const usage = { inputTokens: 20, outputTokens: 10, cachedTokens: 0 };
const sound = Uint8Array.from({ length: 480 }, (_, at) => at % 251);

/** An answer with everything that a run may bring. */
const answer: readonly Fact[] = [
  { kind: 'run.alive', run: 'run_1' },
  { kind: 'run.text', run: 'run_1', delta: 'Let me look. ' },
  { kind: 'run.audio', run: 'run_1', bytes: sound, ms: 10, words: wordsOf('Let me look.', 10) },
  { kind: 'run.usage', run: 'run_1', usage: { ...usage, outputTokens: 4 } },
  { kind: 'run.call', run: 'run_1', callId: 'call_1', name: 'weather' },
  { kind: 'run.arguments', run: 'run_1', callId: 'call_1', delta: '{"city":"Paris"}' },
  { kind: 'run.ended', run: 'run_1', reason: 'stop', usage },
];

class Ahead extends Rig {
  readonly #hand: Hand;

  constructor(options: RigOptions = {}) {
    const hand = new Hand();
    super({ ...options, features: [...guests, hand.guest] });
    this.#hand = hand;
  }

  do(deed: Deed): void {
    this.#hand.during(deed, () => this.fact({ kind: 'tick' }));
  }

  get run(): Run | undefined {
    return this.written().runs.at(-1);
  }

  get aborted(): string[] {
    return this.effects.flatMap((effect) => (effect.kind === 'run.abort' ? [effect.run] : []));
  }
}

/** The user has asked, and the words are awaited: a response waits for them. */
function waiting(options: RigOptions = {}): Ahead {
  const rig = new Ahead(options);
  rig.client({ type: 'session.update', session: { tools: [{ type: 'function', name: 'weather' }] } });
  rig.utter(1000);
  expect(rig.last('response.created').response.id).toBe('resp_1');
  return rig;
}

test('a run that was begun ahead does nothing until a response adopts it, and then all that it has brought comes in its order', () => {
  const rig = waiting();
  rig.do(beginAhead);
  const before = rig.effects.length;
  for (const fact of answer) rig.fact(fact);
  expect(rig.effects.slice(before)).toEqual([]);
  rig.hear(200);
  rig.do(adoptHeld('run_1'));
  expect(rig.endings).toEqual(['resp_1 completed']);
  expect(rig.last('response.done').response.output.map(({ type }) => type)).toEqual(['message', 'function_call']);
  rig.golden('run-begun-ahead');
});

describe('what was held', () => {
  const adoptedThen = (between: (rig: Ahead) => void) => {
    const rig = waiting();
    rig.do(beginAhead);
    between(rig);
    return rig;
  };

  test('goes as if it came when the run is adopted, to the last byte', () => {
    const held = adoptedThen((rig) => {
      for (const fact of answer) rig.fact(fact);
      rig.hear(500);
      rig.do(adoptHeld('run_1'));
    });
    const late = adoptedThen((rig) => {
      rig.hear(500);
      rig.do(adoptHeld('run_1'));
      for (const fact of answer) rig.fact(fact);
    });
    expect(held.effects).toEqual(late.effects);
    expect(held.written()).toEqual(late.written());
  });

  test('outlives being written down', () => {
    const told = (readBack: boolean) => {
      const rig = adoptedThen(() => {});
      for (const fact of answer) {
        rig.fact(fact);
        if (readBack) rig.readBack();
      }
      rig.do(adoptHeld('run_1'));
      return rig;
    };
    expect(told(true).effects).toEqual(told(false).effects);
  });

  test('has been used, when the answer is cut', () => {
    const rig = adoptedThen((early) => {
      early.fact({ kind: 'run.usage', run: 'run_1', usage });
      early.do(adoptHeld('run_1'));
    });
    rig.client({ type: 'response.cancel' });
    expect(rig.last('response.done').response.usage).toMatchObject({ input_tokens: 20, output_tokens: 10 });
  });
});

describe('a run that is dropped', () => {
  test('leaves the session as one that never had it, but for the number of its id', () => {
    const [rig, other] = [waiting({ contextTokens: 300 }), waiting({ contextTokens: 300 })];
    for (const each of [rig, other]) for (let turn = 0; turn < 4; turn += 1) each.says('x'.repeat(400));
    rig.do(beginAhead);
    other.do(() => {});
    expect(rig.run?.phase).toMatchObject({ state: 'held', newlyLeftOut: ['item_1', 'item_2', 'item_3'] });
    for (const fact of answer) rig.fact(fact);
    rig.do(dropHeld('run_1'));
    other.do(() => {});
    const { minted, ...state } = rig.written();
    const { minted: othersMinted, ...othersState } = other.written();
    expect(state).toEqual(othersState);
    expect(minted).toEqual({ ...othersMinted, run: 1 });
    expect(rig.aborted).toEqual(['run_1']);
    expect(rig.sent).toEqual(other.sent);
  });

  test('is refused whatever it still brings, and so is one that is over', () => {
    const rig = waiting();
    rig.do(beginAhead);
    rig.do(dropHeld('run_1'));
    const before = rig.effects.length;
    for (const fact of answer) rig.fact(fact);
    expect(rig.effects.length).toBe(before);
    rig.transcript('item_1', 'Hello.');
    rig.client({ type: 'response.cancel' });
    expect(rig.aborted).toEqual(['run_1', 'run_2']);
    const after = rig.effects.length;
    for (const fact of answer) rig.fact({ ...fact, run: 'run_2' } as Fact);
    expect(rig.effects.length).toBe(after);
  });

  test('takes no answer with it: the response has a run of its own', () => {
    const rig = waiting();
    rig.do(beginAhead);
    rig.do(dropHeld('run_1'));
    rig.transcript('item_1', 'Hello.');
    rig.answer('resp_1', 'Hi.', 300);
    expect(rig.runOf('resp_1')).toBe('run_2');
    expect(rig.endings).toEqual(['resp_1 completed']);
  });
});

test('a run of four megabytes of sound, or of many pieces, is more than is held, and is dropped', () => {
  for (const bytes of [new Uint8Array(64 * 1024), new Uint8Array(2)]) {
    const rig = waiting();
    rig.do(beginAhead);
    let pieces = 0;
    while (rig.aborted.length === 0 && pieces < 10_000) {
      rig.fact({ kind: 'run.audio', run: 'run_1', bytes, ms: 1, words: undefined });
      pieces += 1;
    }
    expect(pieces).toBe(bytes.length > 2 ? 48 : 4097);
    expect(rig.aborted).toEqual(['run_1']);
    rig.do(adoptHeld('run_1'));
    expect(rig.runOf('resp_1')).toBe('run_none');
  }
});

test('of five runs that are held the oldest is dropped', () => {
  const rig = waiting();
  for (let count = 0; count < 5; count += 1) rig.do(beginAhead);
  expect(rig.aborted).toEqual(['run_1']);
  expect(rig.written().runs.map(({ id }) => id)).toEqual(['run_2', 'run_3', 'run_4', 'run_5']);
});

test('a session that expires drops what is held', () => {
  const rig = waiting({ lifeMs: 60_000 });
  rig.do(beginAhead);
  rig.wait(60_000);
  expect(rig.aborted).toEqual(['run_1']);
  expect(rig.written().runs).toEqual([]);
});

test('a run has one response, and a response one run', () => {
  const rig = waiting();
  rig.do(beginAhead);
  rig.do(beginAhead);
  rig.do(adoptHeld('run_1'));
  const adoptAgain = (id: string) => rig.do((core) => adopt(core, liveRun(core, id) as Run, core.active as Response));
  expect(() => adoptAgain('run_1')).toThrow('The run run_1 cannot be adopted by resp_1.');
  expect(() => adoptAgain('run_2')).toThrow('The run run_2 cannot be adopted by resp_1.');
});

test('a run that was dropped is adopted by no response', () => {
  const rig = waiting();
  rig.do(beginAhead);
  const dropAndAdopt: Deed = (core) => {
    const run = liveRun(core, 'run_1') as Run;
    drop(core, run);
    adopt(core, run, core.active as Response);
  };
  expect(() => rig.do(dropAndAdopt)).toThrow('The run run_1 cannot be adopted by resp_1.');
});

test('the id of a run is never on the wire', () => {
  const rig = waiting();
  rig.transcript('item_1', 'How is the weather?');
  rig.answer('resp_1', 'It is fine.', 500);
  expect(rig.runOf('resp_1')).toBe('run_1');
  expect(JSON.stringify(rig.sent)).not.toContain('run_');
});
