// Prompts that the server keeps: what the model is told, and how a reference that cannot be used is refused.
import { describe, expect, test } from 'vitest';
import { realtime, Rig, testPrompts } from './rig.ts';

const full = { id: 'greeter', variables: { name: 'Grace', city: { type: 'input_text', text: 'Oslo' } } };

function told(session: object, response?: object): string | undefined {
  const rig = new Rig({ turnDetection: null });
  rig.client({ type: 'session.update', session });
  rig.says('Hello.');
  rig.client({ type: 'response.create', ...(response ? { response } : {}) });
  expect(rig.faults).toEqual([]);
  return rig.prompts[0]?.instructions;
}

describe('what the model is told', () => {
  test('F09 prompt: the text of the stored prompt with its variables filled in, in place of the server’s own instructions', () => {
    expect(told({ prompt: full })).toBe('You greet Grace of Oslo.');
  });

  test('F09 prompt: a version is another text', () => {
    expect(told({ prompt: { id: 'greeter', version: '1', variables: { name: 'Grace' } } })).toBe('You greet Grace.');
  });

  test('F09 prompt: instructions that a client gives follow it, before or after', () => {
    expect(told({ prompt: { id: 'plain' }, instructions: 'Speak slowly.' })).toBe('You are Ada.\n\nSpeak slowly.');
    expect(told({ prompt: { id: 'plain' }, instructions: '' })).toBe('You are Ada.');
  });

  test('F09 prompt: null leaves the instructions alone', () => {
    expect(told({ prompt: null })).toBe('Be brief.');
    const rig = new Rig({ turnDetection: null, configure: (config) => (config.prompt = { id: 'plain' }) });
    rig.client({ type: 'session.update', session: { prompt: null } });
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    expect(rig.prompts[0]?.instructions).toBe('Be brief.');
  });

  test('a session may be born with it, and turns are answered by it', () => {
    const rig = new Rig({ configure: (config) => (config.prompt = { id: 'plain' }) });
    rig.utter(1000);
    rig.transcript('item_1', 'Hello.');
    expect(rig.prompts.map(({ instructions }) => instructions)).toEqual(['You are Ada.']);
  });

  test.each([
    [{ prompt: { id: 'plain' } }, 'You are Ada.'],
    [{ prompt: { id: 'plain' }, instructions: 'Sum up.' }, 'You are Ada.\n\nSum up.'],
    [{ instructions: 'Sum up.' }, 'Sum up.'],
    [{ prompt: null }, 'Be brief.'],
    [{ prompt: null, instructions: 'Sum up.' }, 'Sum up.'],
    [{ metadata: { a: 'b' } }, 'You greet Grace of Oslo.'],
  ])('F09 prompt: a response that says %j', (response, wanted) => {
    expect(told({ prompt: full }, response)).toBe(wanted);
  });

  test('what is filled in is not looked into for further blanks', () => {
    expect(told({ prompt: { id: 'greeter', variables: { name: '{{city}}', city: '$& {{name}}' } } })).toBe(
      'You greet {{city}} of $& {{name}}.',
    );
  });

  test('a text that changes holds from the next reference to it on', () => {
    const rig = new Rig({ turnDetection: null });
    testPrompts['changing'] = 'Old.';
    rig.client({ type: 'session.update', session: { prompt: { id: 'changing' } } });
    testPrompts['changing'] = 'New.';
    rig.says('Hello.');
    rig.client({ type: 'response.create' });
    rig.answer('resp_1', 'Hi.', 300);
    rig.client({ type: 'session.update', session: { prompt: { id: 'changing' } } });
    rig.client({ type: 'response.create' });
    expect(rig.prompts.map(({ instructions }) => instructions)).toEqual(['Old.', 'New.']);
  });
});

test('F09 prompt: the session shows the reference as it was given', () => {
  const rig = new Rig({ turnDetection: null });
  rig.client({ type: 'session.update', session: { prompt: full } });
  expect(realtime(rig.last('session.updated').session)).toMatchObject({ prompt: full, instructions: 'Be brief.' });
  rig.client({ type: 'session.update', session: { prompt: null } });
  expect(realtime(rig.last('session.updated').session).prompt).toBeNull();
});

describe('refused', () => {
  const image = { type: 'input_image', image_url: 'https://example.com/a.png' };
  test.each([
    [{ id: 'nobody' }, 'prompt.id'],
    [{ id: 'nobody', version: '2' }, 'prompt.id'],
    [{ id: 'greeter', version: '7' }, 'prompt.version'],
    [{ id: 'greeter' }, 'prompt.variables.name'],
    [{ id: 'greeter', variables: { name: 'Grace' } }, 'prompt.variables.city'],
    [{ id: 'greeter', variables: { name: image, city: 'Oslo' } }, 'prompt.variables.name'],
    [{ id: 'greeter', variables: { name: { type: 'input_file', file_id: 'file_1' }, city: 'Oslo' } }, 'prompt.variables.name'],
    [{ id: '../secrets' }, 'prompt.id'],
    [{ id: 'plain', version: 'a/b' }, 'prompt.version'],
    [{ id: 'plain', variables: { x: 5 } }, 'prompt.variables.x'],
  ])('F09 prompt: %j names %s and changes nothing', (prompt, param) => {
    const rig = new Rig({ turnDetection: null, configure: (config) => (config.prompt = { id: 'plain' }) });
    rig.client({ type: 'session.update', session: { prompt, temperature: 0.3 } });
    rig.says('Hello.');
    rig.client({ type: 'response.create', response: { prompt } });
    expect(rig.all('error').map(({ error }) => [error.code, error.param])).toEqual([
      ['invalid_value', `session.${param}`],
      ['invalid_value', `response.${param}`],
    ]);
    expect(rig.config.temperature).toBeUndefined();
    expect(rig.all('response.created')).toEqual([]);
    rig.client({ type: 'response.create' });
    expect(rig.prompts[0]?.instructions).toBe('You are Ada.');
  });

  test('a picture that the text has no place for is no harm', () => {
    expect(told({ prompt: { id: 'plain', variables: { picture: image } } })).toBe('You are Ada.');
  });
});
