// Base64 in JSON without being looked through: the same as JSON.stringify, wherever it stands.
import { afterEach, expect, test, vi } from 'vitest';
import { ToolNames } from '../../src/engines/cloud/call-fields.ts';
import { chatRequestJson } from '../../src/engines/cloud/openai-request.ts';
import { splicedJson } from '../../src/lib/spliced-json.ts';
import type { Prompt, PromptPart } from '../../src/protocol/prompt.ts';

afterEach(() => void vi.restoreAllMocks());

test('strings stand where they were taken out, and what is a text that reads so stays', () => {
  const value = (...urls: string[]) => ({ list: urls.map((url) => ({ url, note: '"url":"#"' })) });
  expect(splicedJson(value('#', 'a', '#'), 'url', ['first', 'second'])).toBe(JSON.stringify(value('first', 'a', 'second')));
});

test('where the same stands by itself there is no telling them apart', () => {
  expect(splicedJson({ a: { url: '#' }, b: { url: '#' } }, 'url', ['first'])).toBeUndefined();
});

test.each([
  ['in words', 'x'],
  ['in a field that reads like the place of an image', { url: '#' }],
])("a request to a model has a prompt's images, with a tool whose default is %s", (_, given) => {
  const url = `data:image/png;base64,${'A'.repeat(100_000)}`;
  const image = (of: string): PromptPart => ({ type: 'image', url: of, detail: 'auto' });
  const parts: PromptPart[] = [{ type: 'text', text: '"url":"#"' }, image(url), image('data:image/png;base64,AAAA'), image(`${url}BBBB`)];
  const parameters = { type: 'object', properties: { a: { type: 'string', default: given } } };
  const tools = [{ name: 'f', description: '', parameters }];
  const prompt: Prompt = { instructions: '', turns: [{ role: 'user', parts }], tools, toolChoice: 'auto' };
  const options = { model: 'a-model', parallelToolCalls: true };
  const stringify = vi.spyOn(JSON, 'stringify');
  const json = chatRequestJson(prompt, options, new ToolNames(prompt.tools), {});
  const longest = Math.max(...stringify.mock.results.map(({ value }) => String(value).length));
  expect(longest < 2000).toBe(typeof given === 'string');
  const { messages, tools: told } = JSON.parse(json) as { messages: { content: object[] }[]; tools: object[] };
  expect(messages[0]?.content.map((part) => ('image_url' in part ? (part.image_url as { url: string }).url : ''))).toEqual([
    '',
    url,
    'data:image/png;base64,AAAA',
    `${url}BBBB`,
  ]);
  expect(told).toMatchObject([{ function: { parameters } }]);
});
