// providerData.user_id and .metadata (protocol 7.6): on whose behalf a session is held, in the client's own words; and .prompt_variables, which routers
// put into their templates.
import { z } from 'zod';

export const userId = z.string().max(512);

const pairs = (mostCharacters: number) =>
  z
    .record(z.string().max(128), z.string().max(mostCharacters))
    .refine((map) => Object.keys(map).length <= 64, { error: 'may hold at most 64 pairs' });

export const metadata = pairs(1024);

export const promptVariables = pairs(16_384);
