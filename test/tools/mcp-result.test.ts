import { describe, expect, it } from 'vitest';
import { outputText } from '../../src/tools/mcp-result.ts';

describe('the text of a result', () => {
  it('is its texts, line by line', () => {
    const content = [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ];
    expect(outputText({ content })).toBe('one\ntwo');
  });

  it('names what is no text', () => {
    const content = [
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'audio', data: 'AAAAAAAA', mimeType: 'audio/wav' },
      { type: 'resource_link', name: 'report', uri: 'file:///report' },
      { type: 'resource', resource: { uri: 'file:///a', mimeType: 'application/pdf', blob: 'AAAA' } },
      { type: 'resource', resource: { uri: 'file:///b', text: 'the text of b' } },
      { type: 'hologram' },
      { type: 7 },
      null,
    ];
    expect(outputText({ content }).split('\n')).toEqual([
      '[image: image/png, 3 bytes]',
      '[audio: audio/wav, 6 bytes]',
      '[resource: report, file:///report]',
      '[resource: file:///a, application/pdf, 3 bytes]',
      'the text of b',
      '[hologram]',
      '[unknown]',
      '',
    ]);
  });

  it('holds structured content as JSON, once', () => {
    const structuredContent = { a: [1, 2] };
    expect(outputText({ content: [], structuredContent })).toBe('{"a":[1,2]}');
    expect(outputText({ structuredContent })).toBe('{"a":[1,2]}');
    expect(outputText({ content: [{ type: 'text', text: '{ "a": [1, 2] }' }], structuredContent })).toBe('{ "a": [1, 2] }');
    expect(outputText({ content: [{ type: 'text', text: 'two numbers' }], structuredContent })).toBe('two numbers\n{"a":[1,2]}');
  });

  it('is empty for an empty result', () => {
    expect(outputText({})).toBe('');
  });

  it('has 64 KiB at most, ends on a whole character, and says what is missing', () => {
    const whole = 'x'.repeat(64 * 1024);
    expect(outputText({ content: [{ type: 'text', text: whole }] })).toBe(whole);
    for (const lead of ['', 'a', 'ab', 'abc']) {
      const output = outputText({ content: [{ type: 'text', text: lead + '😀'.repeat(50_000) }] });
      expect(Buffer.byteLength(output)).toBeLessThanOrEqual(64 * 1024);
      expect(Buffer.byteLength(output)).toBeGreaterThan(64 * 1024 - 8);
      expect(output).toMatch(/^[a-c]*(😀)+\n\[cut: the result had \d+ bytes\]$/u);
    }
  });
});
