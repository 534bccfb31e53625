// Client events drawn by lot: most of them sensible, some of them not.
import type { Chance } from './chance.ts';
import type { Watch } from './watch.ts';

type Message = Record<string, unknown>;

const weights = {
  'session.update': 4,
  'input_audio_buffer.append': 1,
  'input_audio_buffer.commit': 5,
  'input_audio_buffer.clear': 2,
  'output_audio_buffer.clear': 1,
  'conversation.item.create': 14,
  'conversation.item.retrieve': 3,
  'conversation.item.truncate': 6,
  'conversation.item.delete': 6,
  'response.create': 14,
  'response.cancel': 4,
};

const junk = [null, true, -1, 1.5, 1e12, '', 'junk', 'x'.repeat(600), [], ['a'], {}, { type: 'junk' }, '2', { id: 5 }, [[]]];

export class RandomClient {
  readonly #chance: Chance;
  readonly #watch: Watch;
  #events = 0;
  #items = 0;
  #lastItem = 'mine_0';

  constructor(chance: Chance, watch: Watch) {
    this.#chance = chance;
    this.#watch = watch;
  }

  /** The next event; one in eight has something in it that does not belong there. */
  next(): Message {
    const chance = this.#chance;
    this.#events += 1;
    const message: Message = { event_id: `ev_${this.#events}`, ...this.#sensible(chance.weighted(weights)) };
    if (chance.often(0.125)) spoil(message, chance);
    return message;
  }

  #sensible(type: keyof typeof weights): Message {
    const chance = this.#chance;
    switch (type) {
      case 'session.update':
        return { type, session: this.#patch() };
      case 'input_audio_buffer.append':
        return { type, audio: 'AAAA' };
      case 'input_audio_buffer.commit':
      case 'input_audio_buffer.clear':
      case 'output_audio_buffer.clear':
        return { type };
      case 'conversation.item.create':
        return { type, item: this.#item(), ...(chance.often(0.3) ? { previous_item_id: chance.pick(['root', null, this.#known()]) } : {}) };
      case 'conversation.item.retrieve':
      case 'conversation.item.delete':
        return { type, item_id: this.#known() };
      case 'conversation.item.truncate':
        return { type, item_id: this.#known(), content_index: chance.often(0.9) ? 0 : 1, audio_end_ms: chance.int(0, 4000) };
      case 'response.create':
        return chance.often(0.5) ? { type } : { type, response: this.#response() };
      case 'response.cancel':
        return chance.often(0.5) ? { type } : { type, response_id: `resp_${chance.int(1, this.#watch.responses.size + 1)}` };
    }
  }

  /** An item's id: mostly of one that is there, sometimes of one that is being made, was deleted, or never was. */
  #known(): string {
    const { conversation, deleted, open } = this.#watch;
    const recent = conversation.slice(-6);
    return this.#chance.pick([
      ...recent,
      ...recent,
      ...conversation.slice(0, 1),
      ...open,
      ...deleted.slice(-1),
      'item_none',
      this.#lastItem,
    ]);
  }

  #item(): Message {
    const chance = this.#chance;
    this.#items += 1;
    const id = chance.often(0.4) ? { id: chance.often(0.9) ? `mine_${this.#items}` : this.#known() } : {};
    if ('id' in id) this.#lastItem = id.id;
    const kind = chance.weighted({
      user: 5,
      sound: 3,
      assistant: 1,
      system: 1,
      call: 1,
      output: 8,
      decision: this.#watch.requests.length > 0 ? 40 : 1,
    });
    switch (kind) {
      case 'user':
        return { ...id, type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello' }] };
      case 'sound':
        return {
          ...id,
          type: 'message',
          role: 'user',
          content: [
            { type: 'input_audio', audio: 'AAAA' },
            { type: 'input_audio', transcript: 'known' },
          ],
        };
      case 'assistant':
        return { ...id, type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] };
      case 'system':
        return { ...id, type: 'message', role: 'system', content: [{ type: 'text', text: 'behave' }] };
      case 'call':
        return { ...id, type: 'function_call', name: 'old', arguments: '{}' };
      case 'output':
        return { ...id, type: 'function_call_output', call_id: chance.pick([...this.#watch.calls.slice(-4), 'call_none']), output: '42' };
      case 'decision': {
        const { requests } = this.#watch;
        const request = chance.pick([...requests, ...requests, ...requests, `mcpr_${chance.int(1, 3)}`]);
        const approve = chance.often(0.7);
        return { ...id, type: 'mcp_approval_response', approval_request_id: request, approve, ...(approve ? {} : { reason: 'no' }) };
      }
    }
  }

  #patch(): Message {
    const chance = this.#chance;
    const detection = chance.pick([
      null,
      { type: 'server_vad', idle_timeout_ms: 1000 },
      { type: 'server_vad', idle_timeout_ms: null, silence_duration_ms: 200 },
      { type: 'semantic_vad', eagerness: 'high' },
      { create_response: chance.often(0.7) },
      { interrupt_response: chance.often(0.7) },
    ]);
    return chance.pick<Message>([
      { audio: { input: { turn_detection: detection } } },
      { audio: { input: { turn_detection: detection } } },
      { audio: { input: { transcription: chance.often(0.5) ? null : { model: 'any' } } } },
      { audio: { output: { voice: chance.pick(['Dennis', 'no-voice']) } } },
      { output_modalities: [chance.pick(['audio', 'text'])] },
      { instructions: 'Be kind.', model: chance.pick(['a/b', 'no-model']) },
      { tools: [{ type: 'function', name: 'weather' }], tool_choice: 'auto' },
      { tools: [{ type: 'web_search' }, { type: 'function', name: 'weather' }], tool_choice: { type: 'web_search' } },
      { audio: { input: { noise_reduction: { strength: 0.5 }, transcription: { keywords: ['Parley'], languages: ['en'] } } } },
      { tools: this.#servers() },
      { tools: this.#servers() },
      { tools: this.#servers() },
      { tools: this.#servers(), tool_choice: { type: 'mcp', server_label: 'a' } },
      { type: chance.pick(['realtime', 'realtime', 'transcription']) },
      { tool_choice: { type: 'function', name: 'missing' } },
      { providerData: { auto_tool_response: chance.often(0.5) } },
      { providerData: { memory: this.#memory() } },
      { tools: this.#servers() },
      { truncation: chance.pick(['auto', 'disabled', { type: 'retention_ratio', retention_ratio: 0.5 }]) },
      { prompt: chance.pick([null, { id: 'plain' }, { id: 'greeter' }, { id: 'nobody' }]) },
      {
        providerData: {
          stt: {
            min_end_of_turn_silence: chance.pick([null, 700]),
            max_turn_silence: chance.pick([null, 100, 2000]),
            end_of_turn_confidence_threshold: chance.pick([null, 0.4]),
            turn_suggestions: chance.pick([null, true, true]),
          },
        },
      },
      { providerData: presence(chance) },
      {},
    ]);
  }

  /** Memory that is switched on and off, bounded tightly, taken away and brought along. */
  #memory(): Message {
    const chance = this.#chance;
    const bounds = { turn_interval: chance.int(1, 2), max_transcript_items: chance.int(1, 6), trim_after_summarize: chance.often(0.8) };
    return chance.pick<Message>([
      { enabled: true, ...bounds },
      { enabled: true, ...bounds },
      { enabled: chance.often(0.7) },
      { enabled: true, state: chance.pick([null, { version: chance.int(0, 3), facts: ['y'] }]) },
    ]);
  }

  /** MCP servers that come and go and change, beside a function. */
  #servers(): Message[] {
    const chance = this.#chance;
    const servers = ['a', 'b']
      .filter(() => chance.often(0.7))
      .map((label) => ({
        type: 'mcp',
        server_label: label,
        server_url: `https://${label}.example/${chance.pick(['one', 'one', 'two'])}`,
        authorization: 'secret',
        headers: { 'x-key': 'secret' },
        require_approval: chance.pick<unknown>(['never', 'always', { never: { read_only: true } }]),
      }));
    return [...servers, { type: 'function', name: 'weather' }];
  }

  #response(): Message {
    const chance = this.#chance;
    return {
      ...(chance.often(0.4) ? { conversation: chance.pick(['none', 'none', 'auto']) } : {}),
      ...(chance.often(0.3) ? { output_modalities: [chance.pick(['audio', 'text'])] } : {}),
      ...(chance.often(0.2)
        ? {
            input: [
              { type: 'item_reference', id: this.#known() },
              { type: 'message', role: 'user', content: chance.often(0.5) ? 'x' : [{ type: 'input_audio', audio: 'AAAA' }] },
            ],
          }
        : {}),
      ...(chance.often(0.1) ? { input: [] } : {}),
      ...(chance.often(0.1) ? { voice: chance.pick(['Sarah', 'no-voice']) } : {}),
      ...(chance.often(0.2) ? { metadata: { n: '1' } } : {}),
    };
  }
}

/** Acknowledgements and fillers without much patience, so that much of them happens. */
export function presence(chance: Chance): Message {
  const small_model = chance.pick(['', 'a/small']);
  const history_tail_items = chance.int(0, 3);
  return {
    backchannel: {
      enabled: chance.often(0.8),
      small_model,
      history_tail_items,
      decider_kind: chance.pick(['llm', 'rule', 'rule']),
      rule_fire_probability: chance.pick([0.5, 1]),
      eval_interval_ms: chance.pick([100, 400]),
      min_speech_ms: chance.pick([0, 200]),
      min_gap_ms: chance.pick([0, 500]),
      max_per_turn: chance.int(0, 3),
      hard_deadline_ms: chance.pick([100, 5000]),
      require_pause: chance.often(0.3),
      allowed_phrases: chance.pick([[], ['one', 'two']]),
    },
    responsiveness: {
      enabled: chance.often(0.8),
      small_model,
      history_tail_items,
      initial_wait_timeout_ms: chance.pick([0, 300]),
      min_filler_gap_ms: chance.pick([0, 500]),
      max_initial_per_turn: chance.int(0, 3),
      hard_deadline_ms: chance.pick([100, 5000]),
      enable_filler_on_first_assistant_reply: chance.often(0.7),
    },
  };
}

/** Puts something that does not belong there into one place of the message, or takes a field out. */
export function spoil(message: Message, chance: Chance): void {
  let at: Record<string, unknown> = message;
  for (;;) {
    const keys = Object.keys(at).filter((key) => key !== 'event_id');
    if (keys.length === 0) return;
    const key = chance.pick(keys);
    const value = at[key];
    if (typeof value === 'object' && value !== null && chance.often(0.7)) {
      at = value as Record<string, unknown>;
    } else {
      if (chance.often(0.3)) delete at[key];
      else at[key] = chance.pick(junk);
      return;
    }
  }
}
