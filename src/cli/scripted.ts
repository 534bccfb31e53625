// `npm run start:scripted`: the same server with engines of fixed delays (PARLEY_SCRIPTED), for load tools. No self-check.
Object.assign(process.env, { PARLEY_STT: 'scripted', PARLEY_LLM: 'scripted', PARLEY_TTS: 'scripted', PARLEY_SELF_CHECK: 'off' });
await import('../main.ts');
