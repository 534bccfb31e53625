// Stands in for Kokoro's worker: every text is one clause of a second of sound.
import { CLAUSE_RATE_HZ, type ClauseJob, type ClauseResult } from '../../src/engines/local/clause-job.ts';
import { serve } from '../../src/engines/local/crew-member.ts';

serve((_job: ClauseJob<unknown>, port): ClauseResult => {
  port.part({ samples: new Int16Array(CLAUSE_RATE_HZ).fill(1000) });
  return { pauseMs: 0, rest: [], skipped: [] };
});
