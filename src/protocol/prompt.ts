// What a model is told: the conversation with everything of the wire taken off. The session writes it, a language model reads it.

export type PromptPart = { type: 'text'; text: string } | { type: 'image'; url: string; detail: 'auto' | 'low' | 'high' };

export type PromptTurn =
  | { role: 'system' | 'user'; parts: PromptPart[] }
  /** `interrupted`: the words end where the listener stopped hearing them. */
  | { role: 'assistant'; text: string; interrupted: boolean }
  | { role: 'call'; callId: string; name: string; arguments: string }
  | { role: 'result'; callId: string; output: string };

export interface PromptTool {
  name: string;
  description: string;
  /** JSON Schema of the arguments object. */
  parameters: Record<string, unknown>;
}

export type PromptToolChoice = 'auto' | 'none' | 'required' | { name: string };

/** How a model chooses its words, beyond temperature and length; what is not given is the model's own affair. */
export interface Sampling {
  topP?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  repetitionPenalty?: number;
  /** Texts that end the answer. */
  stopSequences?: readonly string[];
  seed?: number;
  /** From -100 to 100, by the model's own numbers of its tokens. */
  logitBias?: Readonly<Record<string, number>>;
}

/** For whom a model is asked, in the client's own words: what a provider may log, limit or route by. */
export interface OnBehalf {
  user?: string;
  /** Of a session strings; over HTTP numbers and booleans as well, which the conditions of routers compare. */
  metadata?: Readonly<Record<string, string | number | boolean>>;
  /** What stands for the `{{names}}` in a router's message templates. */
  promptVariables?: Readonly<Record<string, string>>;
}

export interface Prompt {
  instructions: string;
  /** What is remembered of talk that is no longer among the turns: to be told after the instructions. Facts are lines that begin with `- `. */
  memory?: string;
  turns: PromptTurn[];
  tools: PromptTool[];
  toolChoice: PromptToolChoice;
}
