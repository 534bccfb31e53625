// How the fields of providerData are called: snake_case and camelCase are the same (conflict C43).

/** Maps, whose keys are no field's name but the client's own words. */
const maps = new Set(['metadata', 'prompt_variables', 'logit_bias']);

/** The one spelling in which a field is read. */
export function fieldName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Whether a field of that name, as it is read, is such a map. */
export function isMapName(name: string): boolean {
  return maps.has(name);
}
