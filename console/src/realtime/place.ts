// Where the user is: which page, and of the page of calls which call. It stands in the address, so that a reload stays there and a link leads there.

export type Place = { readonly page: 'talk' } | { readonly page: 'calls'; readonly call: string | undefined };

export function placeOf(hash: string): Place {
  const [, call] = /^#calls(?:\/([\w-]{1,128}))?$/.exec(hash) ?? [undefined, null];
  return call === null ? { page: 'talk' } : { page: 'calls', call };
}

/** Without a call, the list of them. */
export function addressOfCall(id?: string): string {
  return id === undefined ? '#calls' : `#calls/${id}`;
}
