// Images by address: a real server on loopback, which must be allowed by name.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { GuardedFetch } from '../../src/lib/guarded-fetch.ts';
import { imageAt } from '../../src/lib/guarded-image.ts';

const png = Buffer.from('89504e470d0a1a0a', 'hex');
let server: Server;
let origin: string;
const outgoing = new GuardedFetch({ clock: systemClock, allowHosts: ['127.0.0.1'] });
const never = new AbortController().signal;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/cat.png') response.setHeader('content-type', 'image/png; charset=binary').end(png);
    else if (request.url === '/page') response.setHeader('content-type', 'text/html').end('<p>no image</p>');
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await outgoing.close();
  server.close();
});

test('an image becomes a data: URL', async () => {
  expect(await imageAt(outgoing, `${origin}/cat.png`, never)).toBe(`data:image/png;base64,${png.toString('base64')}`);
});

test('what is no image, or not there, is refused without quoting the address', async () => {
  await expect(imageAt(outgoing, `${origin}/page`, never)).rejects.toThrow(/no PNG.*text\/html/);
  await expect(imageAt(outgoing, `${origin}/secret-path`, never)).rejects.toThrow(/answered 404/);
  await expect(imageAt(outgoing, `${origin}/secret-path`, never)).rejects.not.toThrow(/secret-path/);
});

test('a private address that nobody allowed is not asked', async () => {
  const strict = new GuardedFetch({ clock: systemClock });
  await expect(imageAt(strict, `${origin}/cat.png`, never)).rejects.toMatchObject({ reason: 'address' });
  await strict.close();
});
