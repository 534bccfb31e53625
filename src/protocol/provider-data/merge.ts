// A client's patch of providerData laid over what there was. Kept as they were written; but a field is the same in either spelling.
import { isRecord } from '../json.ts';
import { fieldName, isMapName } from './names.ts';

type Data = Readonly<Record<string, unknown>>;

/** Objects merge at every depth; arrays and all else are replaced. */
export function mergedProviderData(old: Data, patch: Data): Record<string, unknown> {
  return merged(old, patch, false);
}

/** `isMap`: the keys are the client's own words, and no two of them the same. */
function merged(old: Data, patch: Data, isMap: boolean): Record<string, unknown> {
  const result: Record<string, unknown> = { ...old };
  const nameOf = (key: string) => (isMap ? key : fieldName(key));
  const spellings = new Map(Object.keys(old).map((key) => [nameOf(key), key]));
  for (const [key, value] of Object.entries(patch)) {
    if (key === '__proto__') continue;
    const name = nameOf(key);
    const before = result[spellings.get(name) ?? key];
    // Of two spellings the newest is shown: were both, nobody could tell which counts.
    delete result[spellings.get(name) ?? key];
    spellings.set(name, key);
    result[key] = isRecord(value) && isRecord(before) ? merged(before, value, isMap || isMapName(name)) : value;
  }
  return result;
}
