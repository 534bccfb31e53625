// The JSON of a request that is made from a prompt. Large images, which are base64, are put in as they are: written with the rest, each would be looked
// through for what must be escaped.
import { leastSplicedCharacters, splice, splicedJson } from '../../lib/spliced-json.ts';
import { wellFormedJson } from '../../lib/well-formed-json.ts';
import type { Prompt, PromptPart } from '../../protocol/prompt.ts';

/** Where a request has its images. */
export interface ImagePlace {
  /** The field that holds them. */
  readonly field: string;
  /** What of an image's address the request has elsewhere, if anything; the field holds the rest. */
  readonly headOf: (url: string) => string;
}

export function promptJson(prompt: Prompt, { field, headOf }: ImagePlace, write: (prompt: Prompt) => object): string {
  const images: string[] = [];
  const without = (part: PromptPart): PromptPart => {
    if (part.type !== 'image' || part.url.length < leastSplicedCharacters) return part;
    const head = headOf(part.url);
    images.push(part.url.slice(head.length));
    return { ...part, url: `${head}${splice}` };
  };
  const turns = prompt.turns.map((turn) => ('parts' in turn ? { ...turn, parts: turn.parts.map(without) } : turn));
  const json = images.length === 0 ? undefined : splicedJson(write({ ...prompt, turns }), field, images);
  return json ?? wellFormedJson(JSON.stringify(write(prompt)));
}
