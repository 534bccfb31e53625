// How a session's model is to choose its words, and on whose behalf it is asked: the session's own fields first, then Inworld's extras.
import type { OnBehalf, Sampling } from '../../protocol/prompt.ts';
import { readProviderData } from '../../protocol/provider-data/provider-data.ts';
import type { SessionConfig } from '../../protocol/session-config.ts';
import { present } from './present.ts';

interface Generation {
  temperature: number | undefined;
  maxOutputTokens: number | 'inf';
  reasoningEffort: string | undefined;
  sampling: Sampling;
}

export function generationOf(config: SessionConfig): Generation {
  const own = readProviderData(config.providerData).text_generation_config ?? {};
  return {
    temperature: config.temperature ?? own.temperature,
    maxOutputTokens: config.max_output_tokens === 'inf' ? (own.max_new_tokens ?? 'inf') : config.max_output_tokens,
    reasoningEffort: config.reasoning?.effort ?? own.reasoning?.effort,
    sampling: present({
      topP: own.top_p,
      frequencyPenalty: own.frequency_penalty,
      presencePenalty: own.presence_penalty,
      repetitionPenalty: own.repetition_penalty,
      stopSequences: own.stop_sequences,
      seed: own.seed,
      logitBias: own.logit_bias,
    }),
  };
}

export function onBehalf(config: SessionConfig): OnBehalf {
  const { user_id: user, metadata, prompt_variables: promptVariables } = readProviderData(config.providerData);
  return present({ user, metadata, promptVariables });
}
