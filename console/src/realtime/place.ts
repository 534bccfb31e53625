// Where the user is: which page, and what on it is open. It stands in the address, so that a reload stays there and a link leads there.

/** What of the page of routers is open beside the list. */
export type OpenRouter = { readonly kind: 'none' } | { readonly kind: 'new' } | { readonly kind: 'one'; readonly name: string };

export type Place =
  | { readonly page: 'talk' }
  | { readonly page: 'calls'; readonly call: string | undefined }
  | { readonly page: 'usage' }
  | { readonly page: 'routers'; readonly open: OpenRouter };

export function placeOf(hash: string): Place {
  if (hash === '#usage') return { page: 'usage' };
  if (hash === '#routers') return { page: 'routers', open: { kind: 'none' } };
  // No router may be called so.
  if (hash === '#routers/:new') return { page: 'routers', open: { kind: 'new' } };
  const router = /^#routers\/([\w.-]{1,255})$/.exec(hash)?.[1];
  if (router !== undefined) return { page: 'routers', open: { kind: 'one', name: router } };
  const [, call] = /^#calls(?:\/([\w-]{1,128}))?$/.exec(hash) ?? [undefined, null];
  return call === null ? { page: 'talk' } : { page: 'calls', call };
}

/** Without a call, the list of them. */
export function addressOfCall(id?: string): string {
  return id === undefined ? '#calls' : `#calls/${id}`;
}

export const addressOfUsage = '#usage';

export function addressOfRouter(open: OpenRouter = { kind: 'none' }): string {
  switch (open.kind) {
    case 'none':
      return '#routers';
    case 'new':
      return '#routers/:new';
    case 'one':
      return `#routers/${open.name}`;
  }
}
