import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { codes, type McpOutcome, type McpServerConfig } from '../../src/tools/mcp-types.ts';
import { breathe, type FarOptions, type FarServer, McpRig, until } from './mcp-rig.ts';

let clock: ManualClock;
let rig: McpRig;
beforeEach(() => {
  clock = new ManualClock();
  rig = new McpRig({ clock });
});
afterEach(() => rig.close());

const at = (far: { url: string }, more: Partial<McpServerConfig> = {}): McpServerConfig => ({
  server_label: 'far',
  server_url: far.url,
  ...more,
});

function errorOf(outcome: McpOutcome | { tools: unknown }) {
  if (!('error' in outcome)) throw new Error(`no error but ${JSON.stringify(outcome)}`);
  return outcome.error;
}

const ways: [string, FarOptions][] = [
  ['streamable HTTP', {}],
  ['streamable HTTP that answers in JSON', { json: true }],
  ['HTTP with events', { kind: 'sse' }],
];

describe.each(ways)('an MCP server over %s', (_way, options) => {
  let far: FarServer;
  beforeEach(async () => {
    far = await rig.far(options);
  });

  it('lists its tools as the wire names them', async () => {
    expect(await rig.session(at(far)).list('far')).toEqual({
      tools: [
        {
          name: 'echo',
          description: 'Does echo',
          input_schema: { type: 'object', properties: { text: { type: 'string' } } },
          annotations: { readOnlyHint: true },
        },
        expect.objectContaining({ name: 'write', annotations: { readOnlyHint: false } }),
        { name: 'plain', description: 'Does plain', input_schema: { type: 'object', properties: { text: { type: 'string' } } } },
      ],
    });
  });

  it('runs a tool', async () => {
    const session = rig.session(at(far));
    expect(await session.call('far', 'echo', '{"text":"hello"}')).toEqual({ output: 'hello' });
    expect(await session.call('far', 'echo', '')).toEqual({ output: 'undefined' });
    expect(far.calls.map((call) => call.name)).toEqual(['echo', 'echo']);
  });

  it('hears that its call was cancelled', async () => {
    far.handle = () => new Promise(() => {});
    const session = rig.session(at(far));
    const abort = new AbortController();
    const outcome = session.call('far', 'echo', '{}', { signal: abort.signal });
    await until(() => far.calls.length === 1);
    abort.abort();
    expect(errorOf(await outcome)).toMatchObject({ type: 'protocol_error', code: codes.cancelled });
    await until(() => far.calls[0]?.signal.aborted === true);
    far.handle = () => ({ content: [{ type: 'text', text: 'still here' }] });
    expect(await session.call('far', 'echo', '{}')).toEqual({ output: 'still here' });
  });

  it('that dies in the middle of a call ends that call', async () => {
    far.handle = () => new Promise(() => {});
    const session = rig.session(at(far));
    const outcome = session.call('far', 'echo', '{}');
    await until(() => far.calls.length === 1);
    await far.die();
    expect(errorOf(await outcome)).toMatchObject({ type: 'protocol_error', code: codes.connection });
    expect(far.calls.length).toBe(1);
  });

  it('that died between calls and is back is connected again, once, and nothing runs twice', async () => {
    const session = rig.session(at(far));
    expect(await session.call('far', 'echo', '{"text":"one"}')).toEqual({ output: 'one' });
    await far.die();
    await breathe();
    await far.start();
    expect(await session.call('far', 'echo', '{"text":"two"}')).toEqual({ output: 'two' });
    expect(far.calls.length).toBe(2);
  });

  it('that died between calls and stays dead is an error', async () => {
    const session = rig.session(at(far));
    await session.call('far', 'echo', '{"text":"one"}');
    await far.die();
    await breathe();
    expect(errorOf(await session.call('far', 'echo', '{}'))).toMatchObject({ type: 'protocol_error', code: codes.connection });
  });

  it('F12: gets the headers it asks for with every request, and nobody else sees them', async () => {
    const session = rig.session(
      at(far, { authorization: 'token-123456', headers: { 'X-Team': 'blue-team', 'Content-Type': 'text/evil' } }),
    );
    await session.call('far', 'echo', '{}');
    const posts = far.requests.filter((request) => request.method === 'POST');
    expect(new Set(posts.map((request) => request.headers.authorization))).toEqual(new Set(['Bearer token-123456']));
    expect(new Set(posts.map((request) => request.headers['x-team']))).toEqual(new Set(['blue-team']));
    expect(new Set(posts.map((request) => request.headers['content-type']))).toEqual(new Set(['application/json']));
    expect(far.requests.every((request) => request.headers.authorization === 'Bearer token-123456')).toBe(true);
  });

  it('is let go when the session ends', async () => {
    const session = rig.session(at(far));
    await session.call('far', 'echo', '{}');
    expect(far.openSessions).toBe(1);
    await session.close();
    await until(() => far.openSessions === 0);
    expect(errorOf(await session.call('far', 'echo', '{}')).type).toBe('protocol_error');
  });
});

describe('a list of tools', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `tool-${index}`, inputSchema: { type: 'object' as const } }));

  it('is read to its last page', async () => {
    const far = await rig.far({ pageSize: 10 });
    far.tools = many(35);
    const listing = await rig.session(at(far)).list('far');
    expect('tools' in listing && listing.tools.map((tool) => tool.name)).toEqual(many(35).map((tool) => tool.name));
    expect(far.lists).toBe(4);
  });

  it('ends at 256 tools', async () => {
    const far = await rig.far({ pageSize: 100 });
    far.tools = many(900);
    const listing = await rig.session(at(far)).list('far');
    expect('tools' in listing && listing.tools.length).toBe(256);
    expect(far.lists).toBe(3);
  });

  it('ends at half a megabyte', async () => {
    const far = await rig.far();
    far.tools = many(100).map((tool) => ({ ...tool, description: 'x'.repeat(10_000) }));
    const listing = await rig.session(at(far)).list('far');
    expect('tools' in listing && listing.tools.length).toBe(51);
  });

  it('ends where a server repeats itself', async () => {
    const far = await rig.far({ pageSize: 0 });
    expect(await rig.session(at(far)).list('far')).toEqual({ tools: [] });
    expect(far.lists).toBe(2);
  });

  it('is asked for once by sessions that hold the same token, and again after a minute', async () => {
    const far = await rig.far();
    await rig.session(at(far, { authorization: 'token-a' })).list('far');
    await rig.session(at(far, { authorization: 'token-a', server_label: 'other' })).list('other');
    expect(far.lists).toBe(1);
    await rig.session(at(far, { authorization: 'token-b' })).list('far');
    await rig.session(at(far, { authorization: 'token-a', headers: { 'x-tenant': 'c' } })).list('far');
    expect(far.lists).toBe(3);
    clock.advance(59_999);
    await rig.session(at(far, { authorization: 'token-a' })).list('far');
    expect(far.lists).toBe(3);
    clock.advance(1);
    await rig.session(at(far, { authorization: 'token-a' })).list('far');
    expect(far.lists).toBe(4);
  });

  it('is asked for once by those who ask at the same time', async () => {
    const far = await rig.far();
    const session = rig.session(at(far));
    await Promise.all([session.list('far'), session.list('far'), session.list('far')]);
    expect(far.lists).toBe(1);
  });

  it('that failed is asked for again', async () => {
    let broken = true;
    const far = await rig.far({ intercept: (_request, response) => broken && !!response.writeHead(500).end() });
    const session = rig.session(at(far));
    expect(errorOf(await session.list('far'))).toEqual({
      type: 'http_error',
      code: 500,
      message: 'The MCP server answered 500 Internal Server Error',
    });
    broken = false;
    expect(await session.list('far')).toHaveProperty('tools');
  });

  it('holds only what the session may use, and only that may be called', async () => {
    const far = await rig.far();
    const session = rig.session(at(far, { allowed_tools: ['echo'] }));
    expect(await session.list('far')).toMatchObject({ tools: [{ name: 'echo' }] });
    expect(errorOf(await session.call('far', 'write', '{}'))).toMatchObject({ type: 'protocol_error', code: codes.params });
    session.configure([at(far, { allowed_tools: { read_only: true } })]);
    expect(await session.list('far')).toMatchObject({ tools: [{ name: 'echo' }] });
    expect(errorOf(await session.call('far', 'plain', '{}'))).toMatchObject({ code: codes.params });
    expect(far.calls).toEqual([]);
    expect(await session.call('far', 'echo', '{"text":"a"}')).toEqual({ output: 'a' });
  });

  it('is read before a call when only it can tell whether a tool may be called', async () => {
    const far = await rig.far();
    const session = rig.session(at(far, { allowed_tools: { read_only: true } }));
    expect(errorOf(await session.call('far', 'write', '{}'))).toMatchObject({ code: codes.params });
    expect(await session.call('far', 'echo', '{"text":"a"}')).toEqual({ output: 'a' });
  });

  it('is empty where a server offers no tools', async () => {
    const far = await rig.far();
    far.tools = [];
    expect(await rig.session(at(far)).list('far')).toEqual({ tools: [] });
  });
});

describe('a call', () => {
  it('reports progress', async () => {
    const far = await rig.far();
    far.handle = async (call) => {
      await call.progress(1, 2, 'half');
      await call.progress(2, 2);
      return { content: [{ type: 'text', text: 'done' }] };
    };
    const heard: unknown[] = [];
    const outcome = await rig.session(at(far)).call('far', 'echo', '{}', { onProgress: (progress) => heard.push(progress) });
    expect(outcome).toEqual({ output: 'done' });
    expect(heard).toEqual([
      { progress: 1, total: 2, message: 'half' },
      { progress: 2, total: 2 },
    ]);
  });

  it('ends after 20 seconds without a word, and the server is told', async () => {
    const far = await rig.far();
    far.handle = () => new Promise(() => {});
    const outcome = rig.session(at(far)).call('far', 'echo', '{}');
    await until(() => far.calls.length === 1);
    clock.advance(20_000);
    expect(errorOf(await outcome)).toEqual({
      type: 'protocol_error',
      code: codes.timeout,
      message: 'The tool did not answer within 20 seconds',
    });
    await until(() => far.calls[0]?.signal.aborted === true);
  });

  it('goes on while there is progress, but not for more than a minute', async () => {
    const far = await rig.far();
    far.handle = () => new Promise(() => {});
    let heard = 0;
    const outcome = rig.session(at(far)).call('far', 'echo', '{}', { onProgress: () => heard++ });
    await until(() => far.calls.length === 1);
    for (let step = 1; step <= 4; step++) {
      clock.advance(14_000);
      await far.calls[0]?.progress(step);
      await until(() => heard === step);
    }
    clock.advance(3999);
    await breathe();
    expect(far.calls[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    expect(errorOf(await outcome)).toMatchObject({ code: codes.timeout, message: 'The tool did not answer within 60 seconds' });
  });

  it('ends 20 seconds after the last progress', async () => {
    const far = await rig.far();
    far.handle = () => new Promise(() => {});
    let heard = 0;
    const outcome = rig.session(at(far)).call('far', 'echo', '{}', { onProgress: () => heard++ });
    await until(() => far.calls.length === 1);
    clock.advance(19_000);
    await far.calls[0]?.progress(1);
    await until(() => heard === 1);
    clock.advance(19_999);
    await breathe();
    expect(far.calls[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    expect(errorOf(await outcome)).toMatchObject({ code: codes.timeout, message: 'The tool did not answer within 20 seconds' });
  });

  it('goes on when a server closes its stream and keeps the answer to be fetched', async () => {
    const far = await rig.far({ resumable: true });
    let finish = () => {};
    far.handle = async (call) => {
      await call.progress(1);
      call.closeStream();
      await new Promise<void>((resolve) => (finish = resolve));
      return { content: [{ type: 'text', text: 'worth the wait' }] };
    };
    let heard = 0;
    const outcome = rig.session(at(far)).call('far', 'echo', '{}', { onProgress: () => heard++ });
    await until(() => heard === 1);
    await breathe();
    clock.advance(1000);
    await until(() => far.requests.some((request) => request.method === 'GET'));
    finish();
    expect(await outcome).toEqual({ output: 'worth the wait' });
    expect(far.calls.length).toBe(1);
  });

  it('gives 64 KiB of a long result', async () => {
    const far = await rig.far();
    far.handle = () => ({ content: [{ type: 'text', text: 'x'.repeat(1_000_000) }] });
    const outcome = await rig.session(at(far)).call('far', 'echo', '{}');
    expect('output' in outcome && outcome.output.length).toBe(64 * 1024);
    expect('output' in outcome && outcome.output).toMatch(/\[cut: the result had 1000000 bytes\]$/);
  });

  it('that was cancelled leaves no stream open', async () => {
    const closed: string[] = [];
    const far = await rig.far({
      intercept: (request, response) => {
        response.on('close', () => closed.push(response.writableFinished ? 'finished' : 'dropped'));
        return request.method === 'never';
      },
    });
    far.handle = () => new Promise(() => {});
    const session = rig.session(at(far));
    const abort = new AbortController();
    const outcome = session.call('far', 'echo', '{}', { signal: abort.signal });
    await until(() => far.calls.length === 1);
    expect(closed).not.toContain('dropped');
    abort.abort();
    await outcome;
    await until(() => closed.includes('dropped'));
    expect(closed.filter((end) => end === 'dropped').length).toBe(1);
  });

  it('that was cancelled before it began never begins', async () => {
    const far = await rig.far();
    const session = rig.session(at(far));
    await session.list('far');
    expect(errorOf(await session.call('far', 'echo', '{}', { signal: AbortSignal.abort() }))).toMatchObject({ code: codes.cancelled });
    await breathe();
    expect(far.calls).toEqual([]);
  });

  it('does not end because another one is lost', async () => {
    const far = await rig.far();
    let finish = (_text: string) => {};
    far.handle = async (call) => {
      if (call.name === 'plain') return { content: [{ type: 'image', data: 'A'.repeat(5 * 1024 * 1024), mimeType: 'image/png' }] };
      const text = await new Promise<string>((resolve) => (finish = resolve));
      return { content: [{ type: 'text', text }] };
    };
    const session = rig.session(at(far));
    const slow = session.call('far', 'echo', '{}');
    await until(() => far.calls.length === 1);
    expect(errorOf(await session.call('far', 'plain', '{}'))).toMatchObject({ code: codes.connection });
    finish('unharmed');
    expect(await slow).toEqual({ output: 'unharmed' });
  });

  it('ends when the server hangs up without an answer', async () => {
    const far = await rig.far({
      intercept: (request, response) => {
        if (request.headers['mcp-session-id'] === undefined || request.headers['x-hang-up'] === undefined || request.method !== 'POST')
          return false;
        let body = '';
        request.on('data', (chunk) => (body += String(chunk)));
        request.on('end', () => {
          if (body.includes('tools/call')) response.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\n');
          else if (body.includes('tools/list'))
            response.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}');
          else response.writeHead(202).end();
        });
        return true;
      },
    });
    const session = rig.session(at(far, { headers: { 'x-hang-up': 'yes' } }));
    expect(errorOf(await session.call('far', 'echo', '{}'))).toMatchObject({ type: 'protocol_error', code: codes.connection });
  });

  it('of a tool that fails is a tool_execution_error with its words', async () => {
    const far = await rig.far();
    far.handle = () => ({ isError: true, content: [{ type: 'text', text: 'no such city' }] });
    expect(errorOf(await rig.session(at(far)).call('far', 'echo', '{}'))).toEqual({
      type: 'tool_execution_error',
      message: 'no such city',
    });
  });

  it('that the server refuses is a protocol_error with its code', async () => {
    const far = await rig.far();
    far.handle = () => {
      throw Object.assign(new Error('bad argument'), { code: -32_602 });
    };
    expect(errorOf(await rig.session(at(far)).call('far', 'echo', '{}'))).toMatchObject({
      type: 'protocol_error',
      code: -32_602,
      message: 'bad argument',
    });
  });

  it('wants a JSON object for arguments, a server it knows, and not too many others beside it', async () => {
    const far = await rig.far();
    far.handle = () => new Promise(() => {});
    const session = rig.session(at(far));
    for (const json of ['[1]', 'null', '"a"', '{', 'nonsense']) {
      expect(errorOf(await session.call('far', 'echo', json))).toMatchObject({ type: 'protocol_error', code: codes.params });
    }
    expect(errorOf(await session.call('near', 'echo', '{}'))).toMatchObject({ code: codes.params });
    expect(errorOf(await session.list('near'))).toMatchObject({ code: codes.params });
    const running = Array.from({ length: 16 }, () => session.call('far', 'echo', '{}'));
    expect(errorOf(await session.call('far', 'echo', '{}'))).toMatchObject({ message: expect.stringContaining('Too many') });
    await until(() => far.calls.length === 16);
    const closed = session.close();
    expect((await Promise.all(running)).map((outcome) => errorOf(outcome))).toEqual(
      Array.from({ length: 16 }, () => expect.objectContaining({ code: codes.cancelled })),
    );
    await closed;
    await until(() => far.calls.every((call) => call.signal.aborted));
  });
});

describe('connecting', () => {
  it('happens before anybody asks', async () => {
    const far = await rig.far();
    rig.session(at(far));
    await until(() => far.lists === 1);
    expect(far.openSessions).toBe(1);
  });

  it('is given up after 3 seconds', async () => {
    const far = await rig.far({ intercept: () => true });
    const session = rig.session(at(far));
    const listing = session.list('far');
    await until(() => far.requests.length === 1);
    clock.advance(3000);
    expect(errorOf(await listing)).toEqual({
      type: 'protocol_error',
      code: codes.timeout,
      message: 'The MCP server was not connected within 3 seconds',
    });
  });

  it('is given up after 3 seconds with a server of the older kind, too', async () => {
    const far = await rig.far({
      intercept: (request, response) => {
        if (request.method === 'GET') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': wait\n\n');
        else response.writeHead(405).end();
        return true;
      },
    });
    const listing = rig.session(at(far)).list('far');
    await until(() => far.requests.length === 2);
    clock.advance(3000);
    expect(errorOf(await listing)).toMatchObject({ code: codes.timeout });
  });

  it('with a wrong token is an http_error 401, and no second way is tried', async () => {
    const far = await rig.far({
      intercept: (request, response) =>
        request.headers.authorization !== 'Bearer right' && !!response.writeHead(401).end('{"error":"bad token wrong-token"}'),
    });
    const session = rig.session(at(far, { authorization: 'wrong-token' }));
    expect(errorOf(await session.list('far'))).toEqual({
      type: 'http_error',
      code: 401,
      message: 'The MCP server answered 401 Unauthorized',
    });
    expect(far.requests.length).toBe(1);
    session.configure([at(far, { authorization: 'Bearer right' })]);
    expect(await session.list('far')).toHaveProperty('tools');
  });

  it('follows no redirect', async () => {
    const secret = await rig.far();
    const far = await rig.far({ intercept: (_request, response) => !!response.writeHead(307, { location: secret.url }).end() });
    expect(errorOf(await rig.session(at(far)).list('far'))).toMatchObject({
      type: 'protocol_error',
      code: codes.connection,
      message: expect.stringContaining('redirect'),
    });
    expect(secret.requests).toEqual([]);
  });

  it('to a private address is refused unless it is allowed', async () => {
    const strict = new McpRig({ clock, allowHosts: [] });
    try {
      const far = await strict.far();
      expect(errorOf(await strict.session(at(far)).list('far'))).toMatchObject({
        message: expect.stringContaining('not on the public internet'),
      });
      expect(far.requests).toEqual([]);
    } finally {
      await strict.close();
    }
  });

  it('to what is no address, or with what is no header, is an error that does not quote it', async () => {
    const far = await rig.far();
    const session = rig.session(
      { server_label: 'nowhere', server_url: 'not a url' },
      { server_label: 'file', server_url: 'file:///etc/passwd' },
      at(far, { server_label: 'split', authorization: 'secret-token\r\nx-other: 1' }),
      at(far, { server_label: 'names', headers: { 'bad name': 'secret-value' } }),
    );
    for (const label of ['nowhere', 'file', 'split', 'names']) {
      const error = errorOf(await session.list(label));
      expect(error.type).toBe('protocol_error');
      expect(error.message).not.toContain('secret');
      expect(errorOf(await session.call(label, 'echo', '{}')).type).toBe('protocol_error');
    }
    expect(far.requests).toEqual([]);
  });

  it('does not go where a server of the older kind points to another host', async () => {
    const other = await rig.far();
    const far = await rig.far({
      intercept: (request, response) => {
        if (request.method !== 'GET') response.writeHead(405).end();
        else response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`event: endpoint\ndata: ${other.url}\n\n`);
        return true;
      },
    });
    expect(errorOf(await rig.session(at(far, { authorization: 'token-123' })).list('far')).type).toBe('protocol_error');
    expect(other.requests).toEqual([]);
  });

  it('is kept when only the rules change, and made anew when the server or its headers do', async () => {
    const [one, two] = [await rig.far(), await rig.far()];
    const session = rig.session(at(one));
    await session.call('far', 'echo', '{}');
    session.configure([at(one, { allowed_tools: ['plain'] })]);
    await session.call('far', 'plain', '{}');
    expect(one.openSessions).toBe(1);
    session.configure([at(two)]);
    await session.call('far', 'echo', '{}');
    await until(() => one.openSessions === 0);
    expect(two.calls.length).toBe(1);
    session.configure([]);
    await until(() => two.openSessions === 0);
  });
});

describe('secrets', () => {
  it('that a server echoes in a result that is no failure reach neither the model nor the client, and words of other headers stay', async () => {
    const far = await rig.far();
    const sent = ['tok_12345', 'dXNlcjpodW50ZXIy', 'a "quoted" key', 'query-secret'];
    far.handle = () => ({
      content: [{ type: 'text', text: `Bearer ${sent[0]}, Basic ${sent[1]}, english` }],
      structuredContent: { seen: [...sent, 'x'.repeat(70_000)], language: 'english' },
    });
    const url = `${far.url}?api_key=query-secret&lang=english`;
    for (const authorization of ['tok_12345', 'Basic dXNlcjpodW50ZXIy']) {
      const headers = { 'x-api-key': 'a "quoted" key', 'x-also-auth': sent.slice(0, 2).join(' '), 'x-lang': 'english' };
      const outcome = await rig.session(at(far, { server_url: url, authorization, headers })).call('far', 'echo', '{}');
      const { output } = outcome as { output: string };
      expect(output).toMatch(/^(?:Bearer )?…, (?:Basic )?…, english\n/);
      expect(sent.filter((secret) => output.includes(secret) || output.includes(JSON.stringify(secret).slice(1, -1)))).toEqual([]);
    }
  });

  it('are in no error and no log line, whatever a server sends back', async () => {
    const secrets = ['sk-very-secret', 'Basic dXNlcjpodW50ZXIy', 'dXNlcjpodW50ZXIy', 'tenant-secret', 'query-secret'];
    const far = await rig.far();
    far.handle = (call) => {
      const text = `I was sent ${secrets.join(' and ')}`;
      if (call.name === 'plain') throw Object.assign(new Error(text), { code: -32_000 });
      return { isError: true, content: [{ type: 'text', text }] };
    };
    const angry = await rig.far({
      intercept: (request, response) =>
        !!response.writeHead(500, secrets[0]).end(secrets.join(' ') + (request.headers.authorization ?? '')),
    });
    const gone = await rig.far();
    await gone.die();
    const texts: string[] = [];
    for (const authorization of ['sk-very-secret', 'Basic dXNlcjpodW50ZXIy']) {
      for (const server of [far, angry, gone]) {
        const url = `${server.url}?key=query-secret`;
        const session = rig.session({
          server_label: 'a',
          server_url: url,
          authorization,
          headers: { 'x-tenant': 'tenant-secret', 'x-more': secrets.join(' ') },
        });
        for (const tool of ['echo', 'plain']) texts.push(JSON.stringify(errorOf(await session.call('a', tool, '{}'))));
      }
    }
    expect(texts.length).toBe(12);
    expect(rig.logged.length).toBeGreaterThan(0);
    const everything = texts.join('\n') + JSON.stringify(rig.logged);
    expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
  });
});
