// The tools that clients offer in these tests.

/** As the wire has it. */
export const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'Fetch the weather for a location',
  parameters: { type: 'object', properties: { location: { type: 'string', description: 'City' } }, required: ['location'] },
} as const;
