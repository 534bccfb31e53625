// Stands in for the Opus worker: answers with as many samples as there are bytes, dies of 13 of them, and never answers none.
import { serve } from '../../src/engines/local/crew-member.ts';
import type { DecodeJob } from '../../src/engines/local/opus/opus-job.ts';

serve(async ({ bytes }: DecodeJob) => {
  if (bytes.length === 13) process.exit(1);
  return bytes.length > 0 ? new Int16Array(bytes.length) : await new Promise<Int16Array>(() => {});
});
