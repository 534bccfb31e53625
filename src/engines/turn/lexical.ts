// Provisional: replaced by the recogniser helper.
import type { EngineFactory, TurnDetector } from '../engine.ts';
export const lexical: EngineFactory<TurnDetector> = {
  id: 'lexical',
  create: () => ({
    info: { id: 'lexical', kind: 'turn', name: 'Lexical rule', licence: 'Apache-2.0', languages: ['en'] },
    warmUp: async () => {},
    close: async () => {},
    score: async ({ transcript }) => (/\b(the|a|an|to|of|and|or|but|my|your|i|we)[.?]?$/i.test(transcript) ? 0.15 : transcript === '' ? 0.5 : 0.85),
  }),
};
