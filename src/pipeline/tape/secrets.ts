// What of a session is a secret, and what stands for it on a tape. The only place that decides so. Something else of the same length stands for each
// secret, the same wherever it is met: what a session makes of a secret (whether it is a new one, how much room it takes) stays as it was.

/** Fields whose text is a credential, whoever has them. */
const secretField = /^(?:authorization|.*(?:_token|_secret|api_?key|password))$/i;
/** Paths that hold no credential: words, versions, and names of files. */
const plainPath = /^(?:\/(?:[a-z][a-z_-]{0,15}(?:\.[a-z]{2,5})?|v\d{1,3}))*\/?$/i;

export class Secrets {
  readonly #placeholders = new Map<string, string>();

  /** Whether this field's text is one. */
  isSecret(name: string, value: unknown): value is string {
    return typeof value === 'string' && value !== '' && secretField.test(name);
  }

  /** Whether all texts in this field are: headers for an MCP server, and what takes a session up again. */
  areSecrets(of: Readonly<Record<string, unknown>>, name: string): boolean {
    return name === 'resume' || (name === 'headers' && of.type === 'mcp');
  }

  placeholder(secret: string): string {
    let placeholder = this.#placeholders.get(secret);
    if (placeholder === undefined) {
      placeholder = fitted(this.#placeholders.size + 1, Buffer.byteLength(secret));
      this.#placeholders.set(secret, placeholder);
    }
    return placeholder;
  }

  /** An address without what opens it: what stands before its host, in its query, and in a path that is more than words. */
  address(url: string): string {
    const [, scheme, user = '', host, path = '', rest = ''] =
      /^([a-z][a-z0-9+.-]*:\/\/)([^/?#@]*@)?([^/?#]*)([^?#]*)([^]*)$/i.exec(url) ?? [];
    if (scheme === undefined || host === undefined) return this.placeholder(url);
    const hiddenUser = user === '' ? '' : `${this.placeholder(user.slice(0, -1))}@`;
    const hiddenPath = plainPath.test(path) ? path : `/${this.placeholder(path.slice(1))}`;
    const hiddenRest = rest.length < 2 ? rest : `${rest[0]}${this.placeholder(rest.slice(1))}`;
    return `${scheme}${hiddenUser}${host}${hiddenPath}${hiddenRest}`;
  }
}

/** Says which secret it is, as far as there is room. */
function fitted(number: number, bytes: number): string {
  const name = [`secret-${number}`, `s${number}`, ''].find(({ length }) => length <= bytes) ?? '';
  return name.padEnd(bytes, '-');
}
