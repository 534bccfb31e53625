import { describe, expect, it } from 'vitest';
import { openApiSchema } from '../../src/engines/cloud/openapi-schema.ts';

describe('the schema of a function for Gemini', () => {
  it('says only what it understands, and as much of that as there is', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        unit: { enum: ['C', 'F'], default: 'C' },
        when: { type: ['string', 'null'], format: 'date', description: 'A day' },
        place: { $ref: '#/$defs/Place' },
        of: {
          oneOf: [
            { type: 'string', format: 'date-time' },
            { type: 'array', items: { type: 'number', const: 3 } },
          ],
        },
      },
      required: ['place'],
      additionalProperties: false,
      $defs: { Place: { type: 'object', properties: { name: { const: 'Rome' } } } },
    };
    expect(openApiSchema(schema)).toEqual({
      type: 'object',
      properties: {
        unit: { type: 'string', enum: ['C', 'F'] },
        when: { type: 'string', nullable: true, description: 'A day' },
        place: { type: 'object', properties: { name: { type: 'string', enum: ['Rome'] } } },
        of: {
          anyOf: [
            { type: 'string', format: 'date-time' },
            { type: 'array', items: { type: 'number' } },
          ],
        },
      },
      required: ['place'],
    });
    expect(openApiSchema({ type: 'object' })).toBeUndefined();
  });

  it('asks for an object of any kind as text, as an object without properties is refused at every depth', () => {
    const any = { type: 'object' };
    const properties = {
      filter: { ...any, description: 'What for' },
      none: { type: 'object', properties: {}, additionalProperties: { type: 'string' } },
      list: { type: 'array', items: any },
      either: { anyOf: [any, { type: 'number' }] },
      maybe: { anyOf: [any, { type: 'null' }], description: 'Or not' },
      deep: { type: 'object', properties: { any } },
    };
    const said = { type: 'string', description: 'A JSON object, written as text.' };
    expect(openApiSchema({ type: 'object', properties })?.['properties']).toEqual({
      filter: { ...said, description: 'What for A JSON object, written as text.' },
      none: said,
      list: { type: 'array', items: said },
      either: { anyOf: [said, { type: 'number' }] },
      maybe: { ...said, description: 'Or not A JSON object, written as text.' },
      deep: { type: 'object', properties: { any: said } },
    });
  });

  it('is written in no time, however often it refers to itself', () => {
    const properties = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`p${index}`, { $ref: '#' }]));
    expect(JSON.stringify(openApiSchema({ type: 'object', properties })).length).toBeLessThan(200_000);
  });
});
