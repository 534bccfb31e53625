import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../src/lib/clock.ts';
import { isPublicAddress, machineAddresses } from '../../src/lib/guarded-address.ts';
import { GuardedFetch, GuardedFetchError, type GuardedFetchOptions } from '../../src/lib/guarded-fetch.ts';
import { HostRules } from '../../src/lib/guarded-hosts.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

interface Site {
  readonly port: number;
  readonly url: string;
  readonly requests: IncomingMessage[];
}

async function site(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Site> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/`, requests };
}

function guarded(options: Partial<GuardedFetchOptions> = {}): GuardedFetch {
  const fetch = new GuardedFetch({ clock: systemClock, allowHosts: ['127.0.0.1'], ...options });
  open.push(() => fetch.close());
  return fetch;
}

async function refusal(attempt: Promise<unknown>): Promise<GuardedFetchError> {
  const error = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(GuardedFetchError);
  return error as GuardedFetchError;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const namesTo =
  (...addresses: string[]): LookupFunction =>
  (_hostname, options, done) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (options.all) done(null, found);
    else done(null, addresses[0] ?? '', 4);
  };

describe('an address', () => {
  it('is public only when it plainly is', () => {
    const v4 = ['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.1', '100.63.255.255', '192.0.1.1', '223.255.255.255'];
    const addresses = [...v4, '2606:4700:4700::1111', '2a00:1450:4001:81b::200e', '2001:4860:4860::8888'];
    expect(addresses.filter(isPublicAddress)).toEqual(addresses);
  });

  it('is refused when it is private, local, shared, reserved, for many, or for nobody', () => {
    const v4 = ['0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254', '169.254.169.254'];
    v4.push('172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1', '192.168.1.1', '198.18.0.1', '198.51.100.7', '203.0.113.7');
    // What Azure's virtual machines find their own services at.
    v4.push('168.63.129.16');
    v4.push('224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255');
    const v6 = [
      '::',
      '::1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'fc00::1',
      'fd12:3456::1',
      'ff02::1',
      '100::1',
      '2001:db8::1',
      '5f00::1',
    ];
    expect([...v4, ...v6].filter(isPublicAddress)).toEqual([]);
  });

  it('is refused when it hides an IPv4 address', () => {
    const hiding = ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::1', '2002:7f00:1::', '2001:0:1::1'];
    expect(hiding.filter(isPublicAddress)).toEqual([]);
  });

  it('is refused when it is none', () => {
    expect(['', 'localhost', '127.1', '2130706433'].filter(isPublicAddress)).toEqual([]);
  });
});

describe('the list of hosts', () => {
  it('names a host on every port, or on one', () => {
    const rules = new HostRules(['Tools.Local', 'other.local:9000', '10.0.0.5', '[fd00::1]:81', 'fd00::2']);
    expect(rules.allows('tools.local', 80)).toBe(true);
    expect(rules.allows('tools.local.', 81)).toBe(true);
    expect(rules.allows('other.local', 9000)).toBe(true);
    expect(rules.allows('other.local', 9001)).toBe(false);
    expect(rules.allows('10.0.0.5', 1)).toBe(true);
    expect(rules.allows('[fd00::1]', 81)).toBe(true);
    expect(rules.allows('fd00::1', 82)).toBe(false);
    expect(rules.allows('fd00::2', 82)).toBe(true);
    expect(rules.allows('nottools.local', 80)).toBe(false);
  });

  it('names everything below a domain, but not the domain', () => {
    const rules = new HostRules(['*.example.org:443']);
    expect(rules.allows('a.example.org', 443)).toBe(true);
    expect(rules.allows('a.b.example.org', 443)).toBe(true);
    expect(rules.allows('example.org', 443)).toBe(false);
    expect(rules.allows('badexample.org', 443)).toBe(false);
    expect(rules.allows('a.example.org', 80)).toBe(false);
  });

  it('is refused with the entry that cannot be read', () => {
    for (const entry of ['', '*', 'http://a', 'a/b', 'a:0', 'a:70000', '*.10.0.0.1', 'a b', '*.*.org', 'u@a', 'a:b']) {
      expect(() => new HostRules([entry])).toThrow(`'${entry}' is not a host`);
    }
  });
});

describe('the guarded fetch', () => {
  it('does what fetch does where it may', async () => {
    const { url, requests } = await site((request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'x-one': '1' });
      request.on('data', (chunk) => response.write(chunk)).on('end', () => response.end());
    });
    const response = await guarded().fetch()(`${url}path?q=1`, { method: 'POST', body: '{"a":1}', headers: { 'x-two': '2' } });
    expect([response.status, response.ok, response.headers.get('x-one'), response.url]).toEqual([201, true, '1', `${url}path?q=1`]);
    expect(await response.json()).toEqual({ a: 1 });
    expect([requests[0]?.method, requests[0]?.url, requests[0]?.headers['x-two']]).toEqual(['POST', '/path?q=1', '2']);
  });

  it('gives answers without a body', async () => {
    const { url } = await site((_request, response) => void response.writeHead(204).end());
    const response = await guarded().fetch()(url);
    expect([response.status, response.body]).toEqual([204, null]);
  });

  it('does not take the length a HEAD tells for a body', async () => {
    const { url } = await site((_request, response) => void response.writeHead(200, { 'content-length': '5000' }).end());
    expect((await guarded().fetch({ maxBytes: 100 })(url, { method: 'HEAD' })).status).toBe(200);
  });

  it('refuses loopback in every spelling, and asks nobody', async () => {
    const { port, requests } = await site((_request, response) => void response.end('secret'));
    const { fetch } = { fetch: guarded({ allowHosts: [] }).fetch() };
    const spellings = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '0x7f000001',
      '0177.0.0.1',
      '127.0.0.1.',
      '0',
      '[::1]',
      '[::]',
      'localhost',
    ];
    for (const host of [...spellings, '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '１２７.0.0.1', '127。0。0。1']) {
      expect([(await refusal(fetch(`http://${host}:${port}/`))).reason, host]).toEqual(['address', host]);
    }
    expect(requests).toEqual([]);
  });

  it('refuses private and link-local addresses over http and https', async () => {
    const fetch = guarded({ allowHosts: [] }).fetch();
    for (const url of [
      'http://10.0.0.1/',
      'https://192.168.0.1/',
      'http://169.254.169.254/latest/meta-data/',
      'https://[fe80::1]/',
      'http://[fd00::1]/',
    ]) {
      expect([(await refusal(fetch(url))).reason, url]).toEqual(['address', url]);
    }
  });

  it('refuses a name that resolves to no public address, and does not say to which', async () => {
    const { port, requests } = await site((_request, response) => void response.end('secret'));
    for (const addresses of [['127.0.0.1'], ['10.1.2.3', '127.0.0.1'], ['::1', '::ffff:127.0.0.1'], []]) {
      const error = await refusal(guarded({ allowHosts: [], lookup: namesTo(...addresses) }).fetch()(`http://innocent.example:${port}/`));
      expect(error.reason).toBe('address');
      expect(error.message).toContain('innocent.example');
      for (const address of addresses) expect(error.message).not.toContain(address);
    }
    expect(requests).toEqual([]);
  });

  it('says the same of a name inside as of one that does not exist, so that nobody can list the names inside', async () => {
    const nobody =
      (code: string): LookupFunction =>
      (_hostname, _options, done) =>
        done(Object.assign(new Error(`getaddrinfo ${code} name.example`), { code }), '');
    const errors = await Promise.all(
      [namesTo('10.1.2.3'), nobody('ENOTFOUND'), nobody('EAI_AGAIN')].map((lookup) =>
        refusal(guarded({ allowHosts: [], lookup }).fetch()('http://name.example/')),
      ),
    );
    expect(new Set(errors.map(({ reason, message }) => `${reason}: ${message}`)).size).toBe(1);
    // Of a host that is allowed it is told what is wrong: that is the operator's own.
    const allowed = await refusal(guarded({ allowHosts: ['name.example'], lookup: nobody('ENOTFOUND') }).fetch()('http://name.example/'));
    expect(allowed).toMatchObject({ reason: 'unreachable', message: expect.stringContaining('ENOTFOUND') as string });
  });

  it('refuses an address of this very machine, though it is public, by number and by name', async () => {
    const own = { allowHosts: [], ownAddresses: () => ['8.8.4.4', '2001:4860:4860::8844'] };
    for (const host of ['8.8.4.4', '[2001:4860:4860:0::8844]'])
      expect((await refusal(guarded(own).fetch()(`http://${host}:8080/`))).reason).toBe('address');
    expect((await refusal(guarded({ ...own, lookup: namesTo('8.8.4.4') }).fetch()('http://name.example/'))).reason).toBe('address');
  });

  it('knows the addresses of this machine by itself', () => {
    expect(machineAddresses()).toContain('127.0.0.1');
  });

  it('reaches the hosts that are allowed, by name and port, wherever they are', async () => {
    const { port } = await site((_request, response) => void response.end('hello'));
    const fetch = guarded({ allowHosts: [`*.inside.example:${port}`], lookup: namesTo('127.0.0.1') }).fetch();
    expect(await (await fetch(`http://tools.inside.example:${port}/`)).text()).toBe('hello');
    expect((await refusal(fetch(`http://outside.example:${port}/`))).reason).toBe('address');
    expect((await refusal(fetch(`http://127.0.0.1:${port}/`))).reason).toBe('address');
    expect((await refusal(fetch(`http://tools.inside.example:${port + 1}/`))).reason).toBe('address');
  });

  it('speaks http and https only, and takes no credentials in a URL', async () => {
    const fetch = guarded().fetch();
    for (const url of [
      'file:///etc/passwd',
      'ftp://127.0.0.1/',
      'data:text/plain,hi',
      'ws://127.0.0.1/',
      'nonsense',
      '',
      'http://user:hunter22@127.0.0.1/',
    ]) {
      const error = await refusal(fetch(url));
      expect([error.reason, url]).toEqual(['url', url]);
      expect(error.message).not.toContain('hunter22');
    }
  });

  it('follows no redirect', async () => {
    const { url, requests } = await site((request, response) => {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, { location: '/elsewhere' }).end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      for (const redirect of ['follow', 'manual'] as const) {
        expect((await refusal(guarded().fetch()(`${url}${status}`, { redirect }))).reason).toBe('redirect');
      }
    }
    expect(requests.map((request) => request.url)).not.toContain('/elsewhere');
  });

  it('stops at the size it was given, told or not, packed or not', async () => {
    const zeros = Buffer.alloc(300_000);
    const { url } = await site((request, response) => {
      if (request.url === '/told') response.writeHead(200, { 'content-length': zeros.length }).end(zeros);
      else if (request.url === '/packed') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(zeros));
      else if (request.url === '/fits') response.end(zeros.subarray(0, 100_000));
      else response.write(zeros, () => response.end());
    });
    const fetch = guarded().fetch({ maxBytes: 100_000 });
    expect((await refusal(fetch(`${url}told`))).reason).toBe('too_large');
    for (const path of ['untold', 'packed']) {
      const response = await fetch(`${url}${path}`);
      expect([(await refusal(response.arrayBuffer())).reason, path]).toEqual(['too_large', path]);
    }
    expect((await (await fetch(`${url}fits`)).arrayBuffer()).byteLength).toBe(100_000);
  });

  it('gives up on a server that does not answer', async () => {
    const clock = new ManualClock();
    const { url, requests } = await site(() => {});
    const waiting = refusal(guarded({ clock }).fetch({ headMs: 700 })(url));
    await until(() => requests.length === 1);
    clock.advance(699);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1);
    expect((await waiting).reason).toBe('timeout');
  });

  it('gives up on a body that stops coming, but only while somebody reads', async () => {
    const clock = new ManualClock();
    const { url } = await site((_request, response) => void response.writeHead(200).write('first'));
    const response = await guarded({ clock }).fetch({ idleMs: 500, totalMs: Infinity })(url);
    const reader = response.body?.getReader();
    if (!reader) throw new Error('no body');
    clock.advance(10_000);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('first');
    clock.advance(10_000);
    const waiting = refusal(reader.read());
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(500);
    expect((await waiting).reason).toBe('timeout');
  });

  it('gives up on an answer that never ends', async () => {
    const clock = new ManualClock();
    const { url } = await site((_request, response) => void response.writeHead(200).write('first'));
    const response = await guarded({ clock }).fetch({ totalMs: 900 })(url);
    const waiting = refusal(response.text());
    clock.advance(900);
    expect((await waiting).reason).toBe('timeout');
  });

  it('ends with the reason of the caller who gives up, before the answer and in it', async () => {
    const dropped: string[] = [];
    const { url, requests } = await site((request, response) => {
      response.on('close', () => dropped.push(request.url ?? ''));
      if (request.url === '/body') response.writeHead(200).write('first');
    });
    const fetch = guarded().fetch();
    const early = AbortSignal.abort(new Error('never mind'));
    await expect(fetch(url, { signal: early })).rejects.toThrow('never mind');
    expect(requests).toEqual([]);
    const first = new AbortController();
    const head = fetch(`${url}head`, { signal: first.signal });
    await until(() => requests.length === 1);
    first.abort(new Error('enough of the head'));
    await expect(head).rejects.toThrow('enough of the head');
    const second = new AbortController();
    const response = await fetch(`${url}body`, { signal: second.signal });
    const text = response.text();
    second.abort(new Error('enough of the body'));
    await expect(text).rejects.toThrow('enough of the body');
    await until(() => dropped.length === 2);
  });

  it('drops the connection when the reader loses interest', async () => {
    let dropped = false;
    const { url } = await site((_request, response) => {
      response.on('close', () => (dropped = true));
      response.writeHead(200).write('first');
    });
    const response = await guarded().fetch()(url);
    await response.body?.cancel();
    await until(() => dropped);
    expect(dropped).toBe(true);
  });

  it('tells a server that is not there from one that broke off', async () => {
    const { url } = await site((request, response) => {
      if (request.url === '/half') response.writeHead(200, { 'content-length': '100' }).write('first', () => response.destroy());
      else request.socket.destroy();
    });
    const gone = createTcpServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((resolve) => gone.close(resolve));
    const fetch = guarded().fetch();
    expect((await refusal(fetch(`http://127.0.0.1:${port}/`))).reason).toBe('unreachable');
    expect((await refusal(fetch(url))).reason).toBe('broken');
    expect((await refusal((await fetch(`${url}half`)).text())).reason).toBe('broken');
  });

  it('breaks off what is under way when it is closed, and starts nothing more', async () => {
    const { url, requests } = await site(() => {});
    const whole = guarded();
    const waiting = refusal(whole.fetch()(url));
    await until(() => requests.length === 1);
    await whole.close();
    expect((await waiting).reason).toBe('closed');
    expect((await refusal(whole.fetch()(url))).reason).toBe('closed');
  });

  it('puts no path, query or header into its errors', async () => {
    const fetch = guarded({ allowHosts: [] }).fetch();
    const error = await refusal(
      fetch('http://127.0.0.1/hidden-path?token=hidden-query', { headers: { authorization: 'Bearer hidden-header' } }),
    );
    expect(`${error.message} ${String(error.cause)}`).not.toContain('hidden');
  });
});
