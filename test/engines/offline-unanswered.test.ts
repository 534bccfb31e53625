// Several turns of the user in a row: an answer was deleted, or cut before a word was heard, or a pause made two of one. The newest is answered.
import { describe, expect, it } from 'vitest';
import { calledFor, house, type Line, saidTo } from './offline-rig.ts';

const lightOn = 'set_light {"room":"kitchen","on":true}';

/** What is said and what is called, in one list. */
function doneFor(lines: readonly Line[], more: Parameters<typeof calledFor>[1] = {}): string[] {
  return [calledFor(lines, { tools: house, ...more })].flat();
}

describe('a question after a deleted answer', () => {
  it.each([
    ['tell me a story', 'why'],
    ['tell me a joke', 'who is the president of france'],
    ['what time is it', 'how so'],
    ['count to five', 'is that all'],
    ['roll a dice', 'why is the sky blue'],
    ['my name is Ada', 'why do you ask'],
  ])('is answered, and not the request before it: %j, %j', (earlier, question) => {
    expect(saidTo([earlier, question])).toContain(`"${question}"`);
  });

  it('calls no function for what was asked before, when that lacked something', () => {
    expect(saidTo(['book a table', 'why is the sky blue'], { tools: house })).toContain('"why is the sky blue"');
  });

  it('goes on with that where it is the second half of its sentence', () => {
    expect(saidTo(['what is two', 'plus five'])).toBe('2 plus 5 is 7.');
    expect(saidTo(['say hello', 'to my mother'])).toBe('Hello to my mother.');
    expect(saidTo(['what is two plus five', 'plus one'])).toBe('2 plus 5 plus 1 is 8.');
    expect(calledFor(['what is the weather', 'in paris'], { tools: house })).toEqual(['get_weather {"location":"Paris"}']);
    expect(calledFor(['weather in paris', 'in celsius'], { tools: house })).toEqual(['get_weather {"location":"Paris","unit":"celsius"}']);
  });

  it('is no question where somebody only urges the request on', () => {
    expect(saidTo(['what is two plus five', 'please'])).toBe('2 plus 5 is 7.');
  });
});

describe('a command of which nothing came', () => {
  it('is not carried out once the user has asked for something else', () => {
    expect(doneFor(['turn on the kitchen light', 'what is two plus two'])).toEqual(['2 plus 2 is 4.']);
    expect(doneFor(['turn on the kitchen light', 'weather in rome'])).toEqual(['get_weather {"location":"Rome"}']);
  });

  it.each(['please', 'um', 'thank you', 'okay go on'])('is carried out when only %j was said since', (words) => {
    expect(doneFor(['turn on the kitchen light', words])).toEqual([lightOn]);
  });

  it('is carried out once, however often it was given', () => {
    expect(doneFor(['turn on the kitchen light', 'turn on the kitchen light'])).toEqual([lightOn]);
  });

  it.each(['never mind', 'no', 'stop', 'no wait what is two plus two', 'cancel that'])('is not, when %j was said since', (words) => {
    expect(doneFor(['turn on the kitchen light', words])).not.toContain(lightOn);
  });

  it('is not, when it was carried out', () => {
    const lines: Line[] = ['turn on the kitchen light', { called: 'set_light', with: { room: 'kitchen', on: true }, got: '"Done."' }];
    expect(doneFor([...lines, 'what is two plus two'])).toEqual(['2 plus 2 is 4.']);
    expect(doneFor(['turn on the kitchen light', { said: 'It is on.' }, 'what is two plus two'])).toEqual(['2 plus 2 is 4.']);
  });

  it('is not, where no function may be called', () => {
    expect(doneFor(['turn on the kitchen light', 'what is two plus two'], { toolChoice: 'none' })).toEqual(['2 plus 2 is 4.']);
  });
});

it('hears of an emergency in any of them', () => {
  expect(saidTo(['my house is on fire', 'what should i do'])).toContain('Leave the building now');
});
