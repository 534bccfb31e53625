// Whose client comes in: what its path does not tell, its credential does.
import { describe, expect, test } from 'vitest';
import { type Approach, apiOf, authorizationOf } from '../../src/protocol/api.ts';

const shared: Approach = { onlyInworld: false, credential: 'key', authorization: 'Bearer k', beta: false };

describe('the API that a client takes this server for', () => {
  test.each<[string, Partial<Approach>, string]>([
    ["a key from a bearer, on OpenAI's path", {}, 'openai'],
    ['a key in another header', { authorization: undefined }, 'openai'],
    ['a Basic key there', { authorization: 'Basic a2V5OnNlY3JldA==' }, 'inworld'],
    ['a Basic key, whatever the case of the word', { authorization: 'basic a2V5' }, 'inworld'],
    ['a key whose own text begins so', { authorization: 'Bearer basic ' }, 'openai'],
    ["a token, which only Inworld's routes mint", { credential: 'token' }, 'inworld'],
    ["a secret, which only OpenAI's routes mint", { credential: 'secret' }, 'openai'],
    ['a secret in a Basic header', { credential: 'secret', authorization: 'Basic ek_1' }, 'openai'],
    ['a Basic key that asks for the beta', { authorization: 'Basic a2V5', beta: true }, 'openai-beta'],
    ["a bearer's key on Inworld's path", { onlyInworld: true }, 'inworld'],
    ["a secret on Inworld's path", { onlyInworld: true, credential: 'secret' }, 'inworld'],
    ["the beta on Inworld's path", { onlyInworld: true, beta: true }, 'inworld'],
  ])('%s', (_what, approach, api) => {
    expect(apiOf({ ...shared, ...approach })).toBe(api);
  });
});

test('Authorization is found where clients put it', () => {
  const query = (text: string) => new URLSearchParams(text);
  expect(authorizationOf({ authorization: 'Bearer a' }, query('Authorization=Basic%20b'))).toBe('Bearer a');
  expect(authorizationOf({}, query('Authorization=Basic%20b'))).toBe('Basic b');
  expect(authorizationOf({}, query('authorization=Basic%20b'))).toBe('Basic b');
  expect(authorizationOf({}, query('token=b'))).toBeUndefined();
});
