import { expect, test } from 'vitest';
import { Secrets } from '../../../src/pipeline/tape/secrets.ts';

test('the same stands for the same secret, of its length, and something else for another', () => {
  const secrets = new Secrets();
  const one = secrets.placeholder('sk-live-0123456789');
  expect(one).toBe('secret-1----------');
  expect(secrets.placeholder('sk-live-9876543210')).toBe('secret-2----------');
  expect(secrets.placeholder('sk-live-0123456789')).toBe(one);
  expect(['é', 'ab', 'abc', 'abcdefgh'].map((short) => secrets.placeholder(short))).toEqual(['s3', 's4', 's5-', 'secret-6']);
  expect(new Secrets().placeholder('x')).toBe('-');
});

test('credentials are known by the names of their fields', () => {
  const secrets = new Secrets();
  const names = ['authorization', 'Authorization', 'resume_token', 'client_secret', 'api_key', 'apiKey', 'password'];
  expect(names.filter((name) => !secrets.isSecret(name, 'x'))).toEqual([]);
  const ordinary = ['token', 'text', 'name', 'instructions', 'max_output_tokens', 'secretary', 'keywords'];
  expect(ordinary.filter((name) => secrets.isSecret(name, 'x'))).toEqual([]);
  expect([secrets.isSecret('password', ''), secrets.isSecret('password', 5), secrets.isSecret('password', {})]).toEqual([
    false,
    false,
    false,
  ]);
});

test.each([
  ['https://mcp.example.com/mcp', 'https://mcp.example.com/mcp'],
  ['https://mcp.example.com:8443/v1/sse/', 'https://mcp.example.com:8443/v1/sse/'],
  ['https://mcp.example.com', 'https://mcp.example.com'],
  ['https://mcp.example.com/?', 'https://mcp.example.com/?'],
  ['https://user:geheim@mcp.example.com/mcp', 'https://secret-1---@mcp.example.com/mcp'],
  ['https://mcp.example.com/mcp?key=abcdefgh', 'https://mcp.example.com/mcp?secret-1----'],
  ['https://mcp.example.com/mcp#abcdefgh', 'https://mcp.example.com/mcp#secret-1'],
  ['https://mcp.example.com/s/NDk4ZGE2/mcp', 'https://mcp.example.com/secret-1------'],
  ['no address', 'secret-1--'],
])('of the address %s stays %s', (address, shown) => {
  expect(new Secrets().address(address)).toBe(shown);
  expect(shown).toHaveLength(address.length);
});
