// An event as JSON. A large image is put in as it is: looking through it in each event that tells of its item would keep the other sessions waiting.
import { leastSplicedCharacters, splice, splicedJson } from '../lib/spliced-json.ts';
import { wellFormedJson } from '../lib/well-formed-json.ts';
import { isRecord } from '../protocol/json.ts';

/** Of an event in its reader's dialect. */
export function eventJson(event: object): string {
  const images: string[] = [];
  const light = withoutImages(event, images);
  const json = images.length === 0 ? undefined : splicedJson(light, 'image_url', images);
  return json ?? wellFormedJson(JSON.stringify(event));
}

/** An event without its large images, which are handed out in their order. */
function withoutImages(event: object, images: string[]): object {
  const { item } = event as { item?: unknown };
  if (!isRecord(item) || !Array.isArray(item.content)) return event;
  const content = item.content.map((part: unknown) => {
    if (!isRecord(part) || typeof part.image_url !== 'string' || part.image_url.length < leastSplicedCharacters) return part;
    images.push(part.image_url);
    return { ...part, image_url: splice };
  });
  return images.length === 0 ? event : { ...event, item: { ...item, content } };
}
