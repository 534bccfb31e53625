// `npm run start:scripted`: the same server with engines of fixed delays (PARLEY_SCRIPTED), for load tools. No self-check.
const scripted = { PARLEY_STT: 'scripted', PARLEY_LLM: 'scripted', PARLEY_TTS: 'scripted', PARLEY_TURN: 'lexical' };
Object.assign(process.env, { ...scripted, PARLEY_SELF_CHECK: 'off' });
await import('../main.ts');
