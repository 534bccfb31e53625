// An event as JSON. Base64 needs no escaping: a large image is put in as it is, since it would take a tenth of a second to be looked through for
// what is to be escaped, in each event that tells of its item.
import { wellFormedJson } from '../lib/well-formed-json.ts';
import { isRecord } from '../protocol/json.ts';

/** A smaller image is written with the rest. */
const leastCharacters = 64 * 1024;
/** No address of an image reads so, and within texts the quotation marks are escaped: it stands where an image was, and nowhere else. */
const marked = '#';
const mark = `"image_url":"${marked}"`;

/** Of an event in its reader's dialect. */
export function eventJson(event: object): string {
  const images: string[] = [];
  const json = wellFormedJson(JSON.stringify(withoutImages(event, images)));
  if (images.length === 0) return json;
  const [first = '', ...rest] = json.split(mark);
  return rest.reduce((whole, piece, index) => `${whole}"image_url":"${images[index]}"${piece}`, first);
}

/** An event without its large images, which are handed out in their order. */
function withoutImages(event: object, images: string[]): object {
  const { item } = event as { item?: unknown };
  if (!isRecord(item) || !Array.isArray(item.content)) return event;
  const content = item.content.map((part: unknown) => {
    if (!isRecord(part) || typeof part.image_url !== 'string' || part.image_url.length < leastCharacters) return part;
    images.push(part.image_url);
    return { ...part, image_url: marked };
  });
  return images.length === 0 ? event : { ...event, item: { ...item, content } };
}
