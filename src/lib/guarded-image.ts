// An image that a client names by its address, fetched by the rules for such addresses.
import type { GuardedFetch } from './guarded-fetch.ts';

const mostBytes = 10 * 1024 * 1024;
const kinds: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif']);

/** Gives a data: URL. Rejects with a sentence that names neither path nor query: those may be secrets. */
export async function imageAt(outgoing: GuardedFetch, url: string, signal: AbortSignal): Promise<string> {
  const response = await outgoing.fetch({ maxBytes: mostBytes })(url, { signal, headers: { accept: [...kinds].join(', ') } });
  const kind = response.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!response.ok || !kinds.has(kind)) {
    await response.body?.cancel();
    throw new Error(
      response.ok ? `what is there is no PNG, JPEG, WebP or GIF image but '${kind}'` : `its server answered ${response.status}`,
    );
  }
  return `data:${kind};base64,${Buffer.from(await response.arrayBuffer()).toString('base64')}`;
}
