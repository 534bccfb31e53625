// What the offline assistant answers by itself.
import { describe, expect, it } from 'vitest';
import { readNumber, numberInWords } from '../../src/engines/offline/numbers.ts';
import { saidTo, wording } from './offline-rig.ts';

const time = /^It is [a-z]+ (?:o'clock|(?:oh )?[a-z-]+) in the (?:morning|afternoon|evening)\.$/;

describe('a skill answers', () => {
  it.each<[string, RegExp | string]>([
    ['hello', 'Hello! How can I help you?'],
    ['hello there', 'Hello! How can I help you?'],
    ['Hi, how are you?', /^I am fine/],
    ['good morning', /^Hello/],
    ['thank you very much', "You're welcome."],
    ['bye bye', 'Goodbye!'],
    ['can you hear me', 'Yes, I can hear you.'],
    ['no stop', 'Okay.'],
    ['ok', 'Okay.'],
    ['please stop now', 'Okay.'],
    ['what time is it', time],
    ['could you tell me the time please', time],
    ['hello parley what time is it', time],
    ['what is the time in tokyo', 'In Tokyo it is seven thirteen in the morning.'],
    ['what time is it in new york right now', 'In New York it is five thirteen in the afternoon.'],
    ['what time is it in hobbiton', 'I do not know the time zone of Hobbiton.'],
    ["What's the date today?", /^Today is \w+, November 1[45], 2023\.$/],
    ['what day is it tomorrow', /^Tomorrow is \w+, November 1[56], 2023\.$/],
    ['what year is it', 'The year is 2023.'],
    ['what is two plus two', '2 plus 2 is 4.'],
    ['what is to plus to', '2 plus 2 is 4.'],
    ['what is 2+2', '2 plus 2 is 4.'],
    ['One is two plus three.', '2 plus 3 is 5.'],
    ['One is seven times a.', '7 times 8 is 56.'],
    ["what's twenty five times four", '25 times 4 is 100.'],
    ['seven times eight minus six', '7 times 8 minus 6 is 50.'],
    ['two plus three times four', '2 plus 3 times 4 is 14.'],
    ['ten divided by four', '10 divided by 4 is 2.5.'],
    ['how much is fifteen percent of eighty', '15 percent of 80 is 12.'],
    ['two to the power of ten', '2 to the power of 10 is 1024.'],
    ['what is ten divided by zero', 'Nothing can be divided by zero.'],
    ['one hundred and five minus six', '105 minus 6 is 99.'],
    ['count to five', 'One, two, three, four, five.'],
    ['count from three to six please', 'Three, four, five, six.'],
    ['count down from four', 'Four, three, two, one.'],
    ['count from ten down to eight', 'Ten, nine, eight.'],
    ['count by twos to eight', 'Two, four, six, eight.'],
    ['count to three hundred', /two hundred\. I stop here, after 200 numbers\.$/],
    ['please repeat after me the weather in Paris is nice', 'The weather in Paris is nice.'],
    ['Repeat after me: Hello, world!', 'Hello, world!'],
    ['say good morning', 'Good morning.'],
    ['my name is bob', 'Nice to meet you, Bob.'],
    ['remember my name is bob', 'Nice to meet you, Bob.'],
    ['how much is 1,000 plus 2?', '1000 plus 2 is 1002.'],
    ['who are you', /^I am Parley's offline assistant/],
    ['are you chat gpt', /without a language model/],
    ['how do i connect a real language model', /OPENAI_API_KEY.*Ollama/],
    ['what can you do', /arithmetic/],
    ['(unintelligible)', /again|once more/],
    ['', /again|once more/],
  ])('%j', (words, reply) => {
    expect(saidTo([words])).toMatch(wording(reply));
  });
});

describe('memory is the conversation', () => {
  const after = (earlier: string, words: string) => saidTo([earlier, { said: 'Fine.' }, words]);

  it.each([
    ['my name is Ada Lovelace', 'do you know my name', 'Your name is Ada Lovelace.'],
    ['call me tim', 'what is my name', 'Your name is Tim.'],
    ['remember that my name is tim', 'who am i', 'Your name is Tim.'],
    ['hello', 'what is my name', /^You have not told me your name/],
    ['my favorite color is blue', "what's my favorite color", 'Your favorite color is blue.'],
    ['hello', 'what did you say', 'I said: Fine.'],
    ['hello', 'sorry can you repeat that', 'I said: Fine.'],
  ])('%j, then %j', (earlier, words, reply) => {
    expect(after(earlier, words)).toMatch(wording(reply));
  });

  it.each([
    ['what is my name', 'Your name is Ann.'],
    ["what's my favorite color", 'Your favorite color is blue.'],
    ['what is the capital of france', /without a language model|for that I would need/],
  ])('and what is remembered from before: %j', (words, reply) => {
    const memory = 'What you remember from before:\n- My name is Ann.\n- My favorite color is blue';
    expect(saidTo([words], { memory })).toMatch(wording(reply));
  });

  it('joins a sentence that a pause cut in two', () => {
    expect(saidTo(['what is two', 'plus five'])).toBe('2 plus 5 is 7.');
  });
});

describe('what it does not know', () => {
  it('is said in the words it understood, with an offer of two other things', () => {
    const reply = saidTo(['who is the president of france']);
    expect(reply).toContain('"who is the president of france"');
    expect(reply).toMatch(/without a language model/);
    expect(reply).toMatch(/ or /);
  });

  it('is said with what would mend it the first time, and in short from then on', () => {
    const first = saidTo(['why is the sky blue']);
    expect(first).toMatch(/offline assistant.*OPENAI_API_KEY.*Ollama/);
    const second = saidTo(['why is the sky blue', { said: first }, 'why is the sky blue']);
    expect(second).toMatch(/"why is the sky blue".*without a language model/);
    expect(second).not.toContain('OPENAI_API_KEY');
  });
});

describe('instructions', () => {
  it.each([
    ['You are Ada, a friendly helper.', "Hello, I'm Ada. How can I help you?"],
    ['You are a helpful assistant.', "Hello, I'm Parley's offline assistant. How can I help you?"],
    ['Your name is Max and you are a receptionist for the Hotel Bristol. Be brief.', "Hello, I'm Max. How can I help you?"],
    ['You are Max. Greet the user by saying "Welcome to Parley!"', 'Welcome to Parley!'],
    ['Say hello to the user.', 'Hello.'],
    ['Greet the user and ask how you can help.', /^Hello/],
  ])('%j begin an empty conversation', (instructions, reply) => {
    expect(saidTo([], { instructions })).toMatch(wording(reply));
  });

  it('give a name, but no other nature', () => {
    const instructions = 'You are Ada, a pirate.';
    expect(saidTo(['what is your name'], { instructions })).toBe('My name is Ada.');
    expect(saidTo(['are you a human'], { instructions })).toMatch(/^I'm Ada\. .*offline assistant/);
    expect(saidTo(['ada what is two plus two'], { instructions })).toBe('2 plus 2 is 4.');
  });

  it('that say what to say are followed, also after the user spoke', () => {
    expect(saidTo(['tell me something'], { instructions: 'Say exactly: "pineapple"' })).toBe('Pineapple.');
  });

  it('that want a greeting do not greet again in the middle', () => {
    expect(saidTo(['what is two plus two'], { instructions: 'Greet the user warmly.' })).toBe('2 plus 2 is 4.');
  });

  it('may be as long as they like where they say so', () => {
    const words = 'This call is recorded. '.repeat(40).trim();
    expect(saidTo([], { instructions: `Say exactly: ${words}` })).toBe(words);
  });

  it('may come as a message at the end', () => {
    expect(saidTo(['hello', { said: 'Hi.' }, { note: 'Say goodbye to the user' }])).toBe('Goodbye.');
  });

  it('keep silent about what was answered already', () => {
    expect(saidTo(['hello', { said: 'Hi.' }])).toBe('Is there anything else I can do for you?');
  });
});

describe('numbers', () => {
  it.each([0, 7, 13, 20, 42, 99, 100, 105, 119, 200, 999, 1000, 1005, 2500, 12_345])('%i can be said and understood', (value) => {
    const words = numberInWords(value).split(' ');
    expect(readNumber(words, 0)).toEqual({ value, length: words.length });
  });

  it.each([
    ['a hundred', 100],
    ['three point one four', 3.14],
    ['minus five', -5],
    ['two million', 2_000_000],
    ['one two three', 123],
    ['five and six', 5],
    ['twenty twenty', 20],
  ])('%j begins with %d', (words, value) => {
    expect(readNumber(words.split(' '), 0)?.value).toBe(value);
  });

  it('are not seen in other words', () => {
    expect(readNumber(['a', 'table'], 0)).toBeUndefined();
    expect(readNumber(['and'], 0)).toBeUndefined();
  });
});

it('greets when an application asks for it with a message of the user', () => {
  const more = { instructions: 'You are Ada, a friendly assistant.' };
  expect(saidTo(['Say hello and ask how you can help. One sentence max.'], more)).toBe("Hello, I'm Ada. How can I help you?");
  expect(saidTo(['Say hello to my mother'])).toBe('Hello to my mother.');
});
