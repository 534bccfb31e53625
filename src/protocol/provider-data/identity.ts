// providerData.user_id and .metadata (protocol 7.6): on whose behalf a session is held, in the client's own words.
import { z } from 'zod';

export const userId = z.string().max(512);

export const metadata = z
  .record(z.string().max(128), z.string().max(1024))
  .refine((map) => Object.keys(map).length <= 64, { error: 'may hold at most 64 pairs' });
