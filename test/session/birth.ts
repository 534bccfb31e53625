// What sessions of tests are born with.
import { newSession, serverVadDefaults, type SessionConfig, type TurnDetection } from '../../src/protocol/session-config.ts';
import type { Birth } from '../../src/session/birth.ts';

export function testConfig(turnDetection: TurnDetection): SessionConfig {
  return newSession({
    type: 'realtime',
    model: 'openai/gpt-4o-mini',
    instructions: 'Be brief.',
    voice: 'Dennis',
    transcription: { model: 'parley/test' },
    turnDetection,
  });
}

export function testBirth(own: Partial<Birth> = {}): Birth {
  return {
    sessionId: 'sess_1',
    seed: '',
    config: testConfig(serverVadDefaults),
    promptText: '',
    detectionNamed: false,
    expiresAt: 1_700_003_600,
    lifeMs: 3_600_000,
    contextTokens: 128_000,
    conversationBytes: 32 * 1024 * 1024,
    mostResponses: 4,
    ownInstructions: 'Be brief.',
    inworld: false,
    voiceLock: false,
    ...own,
  };
}
