// `npm start`. Compiled code is kept from one start to the next, here and in the workers and children: it is a third of the time a start takes.
import { enableCompileCache, getCompileCacheDir } from 'node:module';

enableCompileCache();
process.env.NODE_COMPILE_CACHE ??= getCompileCacheDir();
// By itself, since reading the rest takes a while.
await import('./cli/hang-up.ts');
await import('./cli/serve.ts');
