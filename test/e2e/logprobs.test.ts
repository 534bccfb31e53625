// How sure the recogniser is of what it heard, told to those who include it.
import { expect, test } from 'vitest';
import { Client } from './support/client.ts';
import { startServer } from './support/server.ts';

test('F16 include: log probabilities come with the transcript of spoken words, and only then', async () => {
  const running = await startServer({ engines: 'scripted' });
  try {
    const client = await Client.open(running.ws);
    const speak = async (include: string[] | null) => {
      client.send({
        type: 'session.update',
        session: { type: 'realtime', include, audio: { input: { transcription: { model: 'whisper-1' } } } },
      });
      const mark = client.log.mark;
      const audio = Buffer.alloc(24_000).toString('base64');
      client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_audio', audio }] } });
      return client.log.wait('conversation.item.input_audio_transcription.completed', mark);
    };
    const told = await speak(['item.input_audio_transcription.logprobs']);
    const logprobs = told['logprobs'] as { token: string; logprob: number; bytes: number[] }[];
    expect(logprobs.map(({ token }) => token).join('')).toBe(told['transcript']);
    expect(logprobs.every(({ logprob }) => logprob <= 0)).toBe(true);
    expect(await speak(null)).not.toHaveProperty('logprobs');
    client.close();
  } finally {
    await running.close();
  }
});
