// Text that somebody else writes (a provider, an MCP server, a caller, a model) costs time in proportion to its length, whatever it is.
import { describe, expect, test } from 'vitest';
import { httpFailure, networkFailure, streamFailure } from '../../src/engines/cloud/openai-failure.ts';
import { readSse } from '../../src/engines/cloud/sse.ts';
import { unfinishedBy } from '../../src/engines/turn/flags.ts';
import { withoutSecrets } from '../../src/lib/redact.ts';
import { excerpt, readAnswer } from '../../src/pipeline/memory-answer.ts';
import { ClauseSplitter } from '../../src/pipeline/sentences.ts';
import { SteeringFilter } from '../../src/pipeline/steering.ts';
import { failureOf } from '../../src/tools/mcp-failure.ts';
import { outputText } from '../../src/tools/mcp-result.ts';
import { targetOf } from '../../src/tools/mcp-target.ts';
import { readOffer } from '../../src/transports/webrtc/sdp.ts';
import { expectLinear } from '../linear.ts';

const side = { id: 'fake', name: 'Fake', secrets: ['sk-verysecret1234', 'org_abcdef'] };
const target = targetOf({ server_label: 'x', server_url: 'https://mcp.example/', authorization: 'tok_1234567890abcdef' });

describe('an error of a provider', () => {
  test.each([['x'], ['*'], ['x*'], ['*** '], ['sk-verysecret1234'], ['sk-'], [' '], ['<']])('made of %j freezes nobody', (unit) => {
    expectLinear((text) => httpFailure(side, 500, { error: { message: text } }), unit, 'x');
    expectLinear((text) => streamFailure(side, { message: text, code: text, type: text }), unit, 'x');
    expectLinear((text) => networkFailure(side, new Error(text), true), unit, 'x');
  });

  test('nested a hundred thousand deep is no message, and no fault of ours', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(100_000)}"deep"${']'.repeat(100_000)}`);
    expect(httpFailure(side, 500, deep).message).toBe('Fake answered with status 500');
  });

  test('in which a key is cut through by its end shows no part of it', () => {
    for (let length = 440; length < 520; length++) {
      const { message } = httpFailure(side, 401, `${'a'.repeat(length)}sk-verysecret1234${'b'.repeat(1000)}`);
      expect(message).not.toContain('sk-');
      expect(message.length).toBeLessThan(600);
    }
  });
});

describe('a model’s answer', () => {
  const units = ['.', '。', '，', '!"', ', ', 'x', 'Mr. ', 'A.', '1. ', '\n', ' ', '[', '[a', '…)', '"'];
  test.each(units.map((unit) => [unit]))('made of %j is cut into clauses as it comes', (unit) => {
    expectLinear((text) => pieces(text, 65_536), unit, 'x');
    expectLinear((text) => pieces(text.slice(0, 262_144), 16), unit);
  });

  test('without an end or a space is spoken piece by piece, and no character is cut in half', () => {
    const text = `x${'🎈'.repeat(3000)}`;
    const clauses = pieces(text, 8);
    expect(clauses.join('')).toBe(text);
    expect(Math.max(...clauses.map(({ length }) => length))).toBeLessThanOrEqual(800);
    for (const clause of clauses) expect(clause.isWellFormed()).toBe(true);
  });

  test.each([['{'], ['{"summary":'], ['}'], [' '], ['a? ']])('made of %j is no memory', (unit) => {
    expectLinear(readAnswer, unit, 'x');
    expectLinear((text) => excerpt({ summary: '', facts: [] }, [text], 8), unit, 'x');
  });

  test.each([['[a'], ['[laugh] '], ['[['], ['.']])('made of %j is searched for directions', (unit) => {
    expectLinear((text) => {
      const filter = new SteeringFilter();
      return filter.push(text) + filter.flush();
    }, unit);
  });
});

test.each([['.'], ['uh '], [' x'], ['yes '], ['5 '], [', '], ['?'], ["'"], ['if '], ['m']])('a transcript made of %j is judged', (unit) => {
  expectLinear(unfinishedBy, unit, 'x');
});

describe('what an MCP server says', () => {
  test.each([['x'], ['('], ['['], ['{"'], [' '], ['tok_'], ['tok_1234567890abcdef']])('made of %j freezes nobody', (unit) => {
    expectLinear((text) => failureOf(new Error(text), target.redact), unit, 'x');
    expectLinear((text) => outputText({ content: [{ type: 'text', text }] }, target.withoutCredentials), unit, 'x');
    expectLinear((text) => withoutSecrets(text, ['tok_1234567890abcdef']), unit, 'x');
  });
});

test.each([['a=candidate:1 '], ['\r'], ['\n'], ['m=audio 9 x 0\n'], ['a=rtpmap:1 opus/48000/2\n'], ['a=group:BUNDLE 0 '], ['c']])(
  'an offer made of %j is refused or read',
  (unit) => {
    expectLinear((text) => {
      try {
        return readOffer(`v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n${text}`, () => true);
      } catch (error) {
        return error;
      }
    }, unit);
  },
);

test('lines of a stream that come in crumbs, or in thousands, are read at the pace they come at', async () => {
  const read = async (chunks: Iterable<string>) => {
    const encoder = new TextEncoder();
    const bytes = (async function* () {
      for (const chunk of chunks) yield encoder.encode(chunk);
    })();
    let events = 0;
    for await (const _event of readSse(bytes)) events += 1;
    return events;
  };
  const startedAt = performance.now();
  expect(await read(['data: ', ...Array.from({ length: 200_000 }, () => 'sixteen letters.'), '\n\n'])).toBe(1);
  expect(await read(['\n'.repeat(2_000_000), 'data: x\n\n'])).toBe(1);
  expect(await read(['\r'.repeat(2_000_000), 'data: x\n\n'])).toBe(1);
  // Some two seconds on a busy machine; copying all that waits for each crumb takes minutes.
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});

function pieces(text: string, length: number): string[] {
  const splitter = new ClauseSplitter();
  const clauses: string[] = [];
  for (let at = 0; at < text.length; at += length) clauses.push(...splitter.push(text.slice(at, at + length)));
  return [...clauses, ...splitter.flush()];
}
