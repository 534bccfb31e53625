import { describe, expect, it } from 'vitest';
import { functionSchema } from '../../src/lib/function-schema.ts';

describe('the schema of the arguments of a function', () => {
  it('R6: is an object at the top, with the properties of its alternatives', () => {
    const schema = {
      anyOf: [
        { type: 'object', properties: { id: { type: 'string' }, by: { type: 'string' } }, required: ['id', 'by'] },
        { type: 'object', properties: { name: { type: 'string' }, by: { type: 'string' } }, required: ['name', 'by'] },
      ],
    };
    expect(functionSchema(schema)).toEqual({
      type: 'object',
      properties: { id: { type: 'string' }, by: { type: 'string' }, name: { type: 'string' } },
      required: ['by'],
    });
  });

  it.each([undefined, null, true, 'object', [], { type: 'string' }, { type: ['object', 'null'] }])(
    'that is %j is one of no arguments',
    (schema) => {
      expect(functionSchema(schema)).toEqual({ type: 'object', properties: {} });
    },
  );

  it('keeps what is right, and leaves out every word that says nothing', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      title: 'Weather',
      additionalProperties: false,
      properties: { at: { type: 'string', minLength: 2, 'x-own': [1] }, unit: { enum: ['C', 'F'] } },
      required: ['at'],
    };
    expect(functionSchema(schema)).toEqual(schema);
    const faulty = {
      type: 'objekt',
      properties: {
        a: { type: 'text', required: true, enum: [], items: [{ type: 'string' }] },
        b: 'string',
        c: { anyOf: 5, minimum: '3' },
      },
      required: ['a', 7, 'gone'],
    };
    expect(functionSchema(faulty)).toEqual({
      type: 'object',
      properties: { a: { items: { anyOf: [{ type: 'string' }] } }, b: {}, c: {} },
      required: ['a'],
    });
  });

  it('follows a reference at the top', () => {
    const definitions = { Top: { type: 'object', properties: { next: { $ref: '#/definitions/Top' } }, required: ['next'] } };
    expect(functionSchema({ $ref: '#/definitions/Top', definitions })).toEqual({ ...definitions.Top, definitions });
    expect(functionSchema({ $ref: 'https://elsewhere.example/top.json' })).toEqual({ type: 'object', properties: {} });
  });

  it('is read in no time, however often it refers to itself', () => {
    const many = Array.from({ length: 40 }, () => ({ $ref: '#' }));
    expect(functionSchema({ allOf: many, properties: { a: { anyOf: many } } })['properties']).toHaveProperty('a');
  });
});
