// Texts of one utterance that were recognised apart become one.
import { describe, expect, test } from 'vitest';
import { joinStretches } from '../../src/lib/join-stretches.ts';

describe('stretches are joined', () => {
  test.each([
    [[], ''],
    [['', '  '], ''],
    [['Hello.'], 'Hello.'],
    [['I would like.', 'To book a table.'], 'I would like to book a table.'],
    [['I would like,', 'To book.'], 'I would like to book.'],
    [['', 'Only this.', ''], 'Only this.'],
    [['Are you there?', 'Yes.'], 'Are you there? Yes.'],
    [['Stop!', 'Please.'], 'Stop! Please.'],
    [['Well.', 'I think so.', "I'm sure."], "Well I think so I'm sure."],
    [['Call the.', 'FBI now.'], 'Call the FBI now.'],
    [['Is it.', 'In the box.'], 'Is it in the box.'],
  ])('%j as %j', (texts, whole) => {
    expect(joinStretches(texts)).toBe(whole);
  });
});
