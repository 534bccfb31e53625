// Events as clients of every dialect write them, drawn by lot. Ids are the client's own, so that the same seed draws the same session.
import type { Chance } from '../session/chance.ts';
import type { Caller, Frame, Message } from './frame.ts';

export interface Drawn {
  readonly message: Message;
  readonly refused: Frame['refused'];
}

const weights = {
  'session.update': 8,
  'input_audio_buffer.append': 14,
  'input_audio_buffer.commit': 3,
  'input_audio_buffer.clear': 3,
  'output_audio_buffer.clear': 2,
  'conversation.item.create': 18,
  'conversation.item.retrieve': 4,
  'conversation.item.truncate': 4,
  'conversation.item.delete': 8,
  'response.create': 8,
  'response.cancel': 4,
};

/** Addresses that nobody may be sent to: the guard refuses them before anything goes out. */
const refusedAddresses = ['http://127.0.0.1:9/mcp', 'http://[::1]:9/sse', 'https://10.1.2.3/mcp', 'http://169.254.169.254/latest'];
const texts = [
  'hello',
  '',
  ' ',
  'ö'.repeat(300),
  'a\u0000b',
  '\ud83d\ude00',
  'line\nline',
  'x'.repeat(20_000),
  'call the tool',
  '\ud800 alone',
];
const weather = { type: 'function', name: 'weather', description: 'Tells it.', parameters: { type: 'object', properties: {} } };

export class ValidEvents {
  readonly #chance: Chance;
  readonly #caller: Caller;
  readonly #items: string[] = [];
  readonly #calls: string[] = [];
  /** Things the server has made, by what it told of them. */
  made = { item: 'item_none', response: 'resp_none' };
  #count = 0;

  constructor(chance: Chance, caller: Caller) {
    this.#chance = chance;
    this.#caller = caller;
  }

  next(): Drawn {
    const type = this.#chance.weighted(weights);
    const { refused, ...message } = this.#draw(type);
    return { message: { type, ...message }, refused };
  }

  #draw(type: keyof typeof weights): Message & { refused: Frame['refused'] } {
    const chance = this.#chance;
    switch (type) {
      case 'session.update':
        return this.#update();
      case 'input_audio_buffer.append':
        return { refused: 'never', audio: this.#sound() };
      case 'input_audio_buffer.clear':
      case 'output_audio_buffer.clear':
        return { refused: 'never' };
      case 'input_audio_buffer.commit':
        return { refused: 'maybe' };
      case 'conversation.item.create':
        return this.#item();
      case 'conversation.item.retrieve':
      case 'conversation.item.delete':
        return { refused: 'maybe', item_id: this.#known() };
      case 'conversation.item.truncate':
        return {
          refused: 'maybe',
          item_id: chance.often(0.5) ? this.made.item : this.#known(),
          content_index: chance.often(0.9) ? 0 : 7,
          audio_end_ms: chance.pick([0, 100, 4000, Number.MAX_SAFE_INTEGER]),
        };
      case 'response.create':
        return this.#response();
      case 'response.cancel':
        return chance.often(0.5) ? { refused: 'maybe' } : { refused: 'maybe', response_id: this.made.response };
    }
  }

  #known(): string {
    return this.#chance.pick([...this.#items.slice(-8), this.made.item, 'item_none']);
  }

  #fresh(prefix: string): string {
    this.#count += 1;
    return `${prefix}_${this.#count}`;
  }

  #sound(): string {
    const chance = this.#chance;
    const bytes = Buffer.alloc(chance.pick([0, 1, 2, 480, 960, 961, 4800, 4800, 9600, 48_000]));
    const loud = chance.often(0.3);
    if (loud) for (let at = 0; at < bytes.length; at++) bytes[at] = chance.int(0, 255);
    const text = bytes.toString('base64');
    return chance.often(0.1) ? text.replace(/=+$/, '') : text;
  }

  #item(): Message & { refused: Frame['refused'] } {
    const chance = this.#chance;
    const id = this.#fresh(chance.pick(['mine', 'ein-e', 'a.b:c']));
    const own = chance.often(0.8) ? { id } : {};
    if ('id' in own) this.#items.push(id);
    const place = chance.weighted({ none: 6, root: 1, null: 1, known: 1 });
    const where = {
      none: {},
      root: { previous_item_id: 'root' },
      null: { previous_item_id: null },
      known: { previous_item_id: this.#known() },
    };
    const part = (type: string, more: Message) => ({ ...own, type: 'message', role: 'user', content: [{ type, ...more }] });
    const text = chance.pick(texts);
    const kind = chance.weighted({ text: 6, short: 1, bare: 1, sound: 2, file: 1, image: 1, said: 1, system: 1, call: 3, output: 3 });
    const refused = place === 'known' ? 'maybe' : 'never';
    const answer = (item: Message, may: Frame['refused'] = refused) => ({ refused: may, ...where[place], item });
    switch (kind) {
      case 'text':
        return answer(part('input_text', { text }));
      case 'short':
        return answer(part('text', { text }));
      case 'bare':
        return answer({ ...own, role: 'user', content: text });
      case 'sound':
        return answer(part(chance.pick(['input_audio', 'audio']), chance.often(0.5) ? { audio: this.#sound() } : { transcript: text }));
      case 'file':
        // The first bytes of files whose rest is rubbish.
        return answer(
          part('input_audio', {
            audio: Buffer.from(`${chance.pick(['OggS', 'RIFF    WAVEfmt ', '\u001aEß£'])}${text}`).toString('base64'),
          }),
        );
      case 'image':
        return answer(part('input_image', { image_url: chance.pick([...refusedAddresses, 'data:image/png;base64,AAAA']) }));
      case 'said':
        return answer({ ...own, type: 'message', role: 'assistant', content: [{ type: chance.pick(['output_text', 'text']), text }] });
      case 'system':
        return answer({ ...own, type: 'message', role: 'system', content: [{ type: 'input_text', text }] });
      case 'call': {
        const call_id = this.#fresh('call');
        this.#calls.push(call_id);
        return answer({ ...own, type: 'function_call', call_id, name: 'weather', arguments: '{' });
      }
      case 'output': {
        const call_id = chance.pick([...this.#calls.slice(-4), 'call_none']);
        const output = chance.pick<unknown>([text, { nested: { deep: [text] } }]);
        return answer({ ...own, type: chance.pick(['function_call_output', 'function_call_result']), call_id, output }, 'maybe');
      }
    }
  }

  #update(): Message & { refused: Frame['refused'] } {
    const { dialect, transcription } = this.#caller;
    const session = this.#chance.pick<Message>(dialect === 'beta' ? this.#flat() : this.#nested());
    const type = transcription ? 'transcription' : 'realtime';
    return { refused: 'never', session: dialect === 'beta' ? session : { type, ...session } };
  }

  #nested(): Message[] {
    const detection = this.#detection();
    return [
      { audio: { input: { turn_detection: detection } } },
      { audio: { input: { turn_detection: detection, transcription: { model: 'whisper-1', language: 'en', prompt: 'words' } } } },
      { turnDetection: { type: 'semantic_vad', createResponse: false }, voice: 'Dennis', inputAudioFormat: 'g711_ulaw' },
      { audio: { input: { format: this.#format() } } },
      { audio: { output: { format: this.#format(), voice: this.#chance.pick(['Dennis', 'alloy', { id: 'Olivia' }]), speed: 1.25 } } },
      { output_modalities: [this.#chance.pick(['text', 'audio'])], max_output_tokens: this.#chance.pick([1, 4096, 'inf']) },
      { instructions: this.#chance.pick(texts), temperature: 0.8, parallel_tool_calls: false, reasoning: { effort: 'low' } },
      { tools: this.#tools(), tool_choice: this.#chance.pick<unknown>(['auto', 'none', { type: 'auto' }]) },
      { mcpServers: [{ url: this.#chance.pick(refusedAddresses) }] },
      { tracing: 'auto', truncation: 'auto', include: ['item.input_audio_transcription.logprobs'] },
      { providerData: { auto_tool_response: false, somethingElse: { deep: [1, 2, { three: null }] } } },
      {},
    ];
  }

  #flat(): Message[] {
    const detection = this.#detection();
    const heard: Message[] = [
      { turn_detection: detection },
      { input_audio_format: this.#chance.pick(['pcm16', 'g711_ulaw', 'g711_alaw']) },
      { input_audio_transcription: { model: 'whisper-1' }, turn_detection: detection },
      {},
    ];
    if (this.#caller.transcription) return heard;
    return [
      ...heard,
      { modalities: this.#chance.pick([['text'], ['audio', 'text']]), voice: 'alloy', speed: 0.9 },
      { instructions: this.#chance.pick(texts), max_response_output_tokens: 'inf', temperature: 0.7 },
      { output_audio_format: this.#chance.pick(['pcm16', 'g711_ulaw', 'g711_alaw']) },
      { tools: [weather], tool_choice: 'weather' },
      { tools: [], tool_choice: 'auto' },
    ];
  }

  #detection(): unknown {
    return this.#chance.pick<unknown>([
      null,
      { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 0, silence_duration_ms: 200 },
      { type: 'server_vad', create_response: false, interrupt_response: false },
      { type: 'semantic_vad', eagerness: 'high' },
      { type: 'none' },
    ]);
  }

  #format(): unknown {
    return this.#chance.pick<unknown>([
      'pcm16',
      'pcmu',
      { type: 'audio/pcm', rate: 48_000 },
      { type: 'audio/pcma' },
      { type: 'audio/pcm' },
    ]);
  }

  #tools(): Message[] {
    const chance = this.#chance;
    if (chance.often(0.7)) return [weather, { type: 'function', function: { name: 'time', parameters: {} } }];
    return [
      weather,
      { type: 'mcp', server_label: chance.pick(['a', 'b']), server_url: chance.pick(refusedAddresses), require_approval: 'never' },
    ];
  }

  #response(): Message & { refused: Frame['refused'] } {
    const chance = this.#chance;
    // One beside the conversation is always given, but where nothing is answered.
    const refused = this.#caller.transcription ? 'always' : 'never';
    if (chance.often(0.6)) return { refused: refused === 'always' ? refused : 'maybe', ...(chance.often(0.5) ? { response: null } : {}) };
    const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: chance.pick(texts) }] }];
    const response = chance.pick<Message>([
      { input, metadata: { topic: 'x' } },
      { input, modalities: ['text'], max_response_output_tokens: 5 },
      { input: [], instructions: chance.pick(texts), voice: 'alloy', output_audio_format: 'g711_ulaw' },
      { tools: [weather], tool_choice: { type: 'function', name: 'weather' } },
      {},
    ]);
    return { refused, response: { conversation: 'none', ...response } };
  }
}
