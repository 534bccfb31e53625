// The offline assistant with conversations as they may come and as they should never come: it always answers, in words or with one call that fits.
// A failure names its seed: OFFLINE_SEED=<seed> repeats it.
import { expect, it } from 'vitest';
import { answer } from '../../src/engines/offline/answer.ts';
import { functionSchema } from '../../src/lib/function-schema.ts';
import { ManualClock } from '../../src/lib/clock.ts';
import type { Prompt } from '../../src/protocol/prompt.ts';
import { Chance } from '../session/chance.ts';
import { house, office } from './offline-rig.ts';
import { RandomPrompts } from './random-prompts.ts';

const seed = Number(process.env['OFFLINE_SEED'] ?? Math.floor(Math.random() * 1e9));
const clock = new ManualClock(1_700_000_000_000);

/** What is wrong with the answer to this prompt; nothing where all is well. */
function faultOf(prompt: Prompt): unknown {
  try {
    const result = answer(prompt, clock);
    if ('text' in result) return result.text.trim() === '' || result.text.length > 20_000 ? result : undefined;
    const tool = prompt.tools.find(({ name }) => name === result.call.name);
    const { required } = functionSchema(tool?.parameters);
    const isWhole = Array.isArray(required) ? required.every((key) => Object.hasOwn(result.call.arguments, String(key))) : true;
    return tool && isWhole && prompt.toolChoice !== 'none' ? undefined : result;
  } catch (error) {
    return error;
  }
}

it(`answers 3,000 random conversations (seed ${seed})`, () => {
  const prompts = new RandomPrompts(new Chance(seed));
  for (let count = 0; count < 3000; count++) {
    const prompt = prompts.next();
    expect({ fault: faultOf(prompt), prompt }).toEqual({ fault: undefined, prompt });
  }
});

const words =
  `um please stop what is the time weather in new york tomorrow at seven thirty pm count from one to two hundred by two plus minus divided percent of
turn on off kitchen light for four people my name ann favorite color call me say that again repeat after book a table horoscope leo send message bob
saying no never mind yes and or hello you are there connect model constructor __proto__ 7:30 3.5 2+2 -1 99999999999999999999 ( ) " ' [ ] * ? ! \\ $& ü 漢 🙂`.split(
    /\s+/,
  );

it(`answers 3,000 random sentences about all kinds of tools (seed ${seed})`, () => {
  const chance = new Chance(seed);
  for (let count = 0; count < 3000; count++) {
    const said = () => Array.from({ length: chance.int(0, 12) }, () => chance.pick(words)).join(chance.pick([' ', ' ', ', ']));
    const turns = Array.from({ length: chance.int(1, 3) }, () => ({
      role: 'user' as const,
      parts: [{ type: 'text' as const, text: said() }],
    }));
    const toolChoice = chance.pick(['auto', 'auto', 'none', 'required', { name: 'set_light' }] as const);
    const prompt = {
      instructions: chance.pick(['', 'You are Ada (R2.D2).', said()]),
      turns,
      tools: chance.pick([[], house, office]),
      toolChoice,
    };
    expect({ fault: faultOf(prompt), prompt }).toEqual({ fault: undefined, prompt });
  }
});

it.each(['um ', 'no ', 'my ', 'one ', 'a ', '( ', '"', 'count to ', 'say ', 'my a ', 'is in ', '9', '-', 'ab', '\n'])(
  'answers endless %j before the time of a test is over',
  (piece) => {
    const text = piece.repeat(100_000);
    for (const tools of [[], house, office]) {
      const prompt = {
        instructions: text,
        turns: [{ role: 'user' as const, parts: [{ type: 'text' as const, text }] }],
        tools,
        toolChoice: 'auto' as const,
      };
      expect(faultOf(prompt)).toBeUndefined();
    }
  },
);
