import { describe, expect, it } from 'vitest';
import { isAllowed, needsAnnotations } from '../../src/tools/mcp-rules.ts';
import type { McpServerConfig } from '../../src/tools/mcp-types.ts';

const reads = { name: 'reads', annotations: { readOnlyHint: true } };
const writes = { name: 'writes', annotations: { readOnlyHint: false } };
const unknown = { name: 'unknown' };
const tools = [reads, writes, unknown];

const server = (rules: Partial<McpServerConfig>): McpServerConfig => ({ server_label: 'a', server_url: 'https://a.example', ...rules });
const allowed = (allowed_tools: McpServerConfig['allowed_tools']) =>
  tools.filter((tool) => isAllowed(server({ allowed_tools }), tool)).map((tool) => tool.name);
describe('F12: allowed_tools', () => {
  it('allows everything when it says nothing', () => {
    for (const nothing of [undefined, null, {}, { read_only: false }]) expect(allowed(nothing)).toEqual(['reads', 'writes', 'unknown']);
  });

  it('allows the named ones, and none when none is named', () => {
    expect(allowed(['writes', 'other'])).toEqual(['writes']);
    expect(allowed([])).toEqual([]);
    expect(allowed({ tool_names: ['reads', 'writes'] })).toEqual(['reads', 'writes']);
  });

  it('allows those that only read, as far as their server says so', () => {
    expect(allowed({ read_only: true })).toEqual(['reads']);
    expect(allowed({ read_only: true, tool_names: ['writes'] })).toEqual([]);
    expect(needsAnnotations(server({ allowed_tools: { read_only: true } }))).toBe(true);
    expect(needsAnnotations(server({ allowed_tools: { tool_names: ['reads'] } }))).toBe(false);
  });
});
