// What the words say of a turn that goes on, by example.
import { describe, expect, test } from 'vitest';
import { unfinishedBy } from '../../src/engines/turn/flags.ts';

describe('a function word at the end', () => {
  test.each([
    'I would like to book a',
    'can you send it to my',
    'I want to',
    'I live in',
    'the bill from',
    'I was thinking of',
    'what is the price of',
    'I called because',
    'it was late and',
    'well then I',
    'so he said that they',
    "I think I'll",
    'I think it would',
    'the reason for it is',
    'can you tell me what is',
    'we could',
    'the problem is that I do not',
    'it was very',
    'I was asking about',
    'john at',
    'john at example dot',
    'my handle is big underscore',
    'I have heard that',
    'and I stayed because it',
    'could you please',
    'what I really need is my',
  ])('keeps %j open', (said) => {
    expect(unfinishedBy(said)).toBe('function_word');
  });

  test.each([
    'no',
    'so what',
    'I think so',
    'I like it',
    'of course not',
    'what is that',
    'where is it',
    'yes I do',
    'it is',
    'just do it',
  ])('does not in a turn as short as %j', (said) => {
    expect(unfinishedBy(said)).toBeUndefined();
  });

  test.each([
    'what time is it',
    'could you repeat that for me please',
    'could you repeat that',
    'can you turn it on',
    'where are you from',
    'who is this for',
    'I do not know what it is',
    'tell me where they are',
    'as fast as you can',
    'please come in',
    'I really like it',
    'could you help me with this',
    'yes of course I can',
    'how are you',
    'thank you',
    'let me know if I can do',
    'who is this for?',
  ])('is none where a sentence may end: %j', (said) => {
    expect(unfinishedBy(said)).toBeUndefined();
  });

  test('is one even in what was heard as a question, where no question ends', () => {
    expect(unfinishedBy('Could you tell me the?')).toBe('function_word');
    expect(unfinishedBy('The man at?')).toBe('function_word');
  });
});

describe('a hesitation at the end', () => {
  test.each([
    'can I get um',
    'I need uh',
    'er',
    'and then, you know',
    'the other one I mean',
    'let me see',
    'Oh, well',
    'tomorrow at five,',
    'let me see...',
    'so –',
  ])('keeps %j open', (said) => {
    expect(unfinishedBy(said)).toBe('filler');
  });

  test.each(['it works very well', 'I am doing well', 'do you know', 'her', 'water', 'as you know that works'])(
    'is not heard in %j',
    (said) => {
      expect(unfinishedBy(said)).toBeUndefined();
    },
  );
});

describe('digits and letters under way', () => {
  test.each([
    'five five',
    'it is five five five zero one',
    'my number is five',
    'my phone number is 555',
    'the code is 45 12',
    'the zip code is 9 0 2',
    'my name is s m',
    'spelled j o h n',
    'my account is seven',
    'you can reach me at 61244',
    'please dial 08',
  ])('keep %j open', (said) => {
    expect(unfinishedBy(said)).toBe('digits');
  });

  test.each([
    'set a timer for 15',
    'the year was 2024',
    'a table for two',
    'let us meet at seven',
    'I want that one',
    'five five five zero one two three',
    'my number is 555 0123',
    'I would take plan b',
    'my name is Anna',
  ])('are not under way in %j', (said) => {
    expect(unfinishedBy(said)).toBeUndefined();
  });
});

describe('a clause that opens another', () => {
  test.each([
    'if the train is late',
    'If it rains tomorrow',
    'when I get home',
    'because I was tired',
    'after the meeting',
    'when the doctor calls',
    'Hello. If I want to cancel my order',
    'before we start',
    'I have a question',
    'Hi, could I ask you something?',
  ])('keeps %j open', (said) => {
    expect(unfinishedBy(said)).toBe('open_clause');
  });

  test.each([
    'if it rains tomorrow we stay at home',
    'If it rains, bring an umbrella',
    'when I get home I will call you',
    'when you see him tell him',
    'after the meeting call me',
    'if I want to cancel my order what happens',
    'when does the train leave',
    'when is the doctor there?',
    'I will call you when I get home',
  ])('has been answered by it, or is none: %j', (said) => {
    expect(unfinishedBy(said)).toBeUndefined();
  });
});

test('casing, apostrophes and full stops say nothing', () => {
  expect(unfinishedBy('I Want To.')).toBe('function_word');
  expect(unfinishedBy('And then I’ll')).toBe('function_word');
});

test.each(['', '   ', '!', '…'])('of %j nothing is known', (said) => {
  expect(unfinishedBy(said)).toBeUndefined();
});
