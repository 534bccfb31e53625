// `npm start`. Compiled code is kept from one start to the next, here and in the workers and children: it is a third of the time a start takes.
import { enableCompileCache, getCompileCacheDir } from 'node:module';

enableCompileCache();
process.env.NODE_COMPILE_CACHE ??= getCompileCacheDir();
await import('./cli/serve.ts');
