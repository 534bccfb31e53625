// What an operator can see in figures: the table of all metrics, from which they are made and docs/metrics.md is written, and the plain interface
// by which the rest of the server tells of what happens. It knows no library.

interface Row {
  /** `gauge`s, and counters that are `read`, are looked up when somebody asks; the others are told as it happens. */
  readonly type: 'counter' | 'histogram' | 'gauge';
  readonly read?: true;
  readonly meaning: string;
  readonly labels: readonly string[];
  /** Upper bounds, in the unit that the name ends in. */
  readonly buckets?: readonly number[];
}

const moments = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30] as const;

export const table = {
  parley_info: { type: 'gauge', meaning: 'Always 1; its label says which version runs.', labels: ['version'] },
  parley_ready: { type: 'gauge', meaning: 'Whether a new conversation would be served now (1 or 0), as `/readyz` says.', labels: [] },

  parley_sessions: { type: 'gauge', meaning: 'Sessions now.', labels: [] },
  parley_calls: { type: 'gauge', meaning: 'WebRTC calls now.', labels: [] },
  parley_connections: {
    type: 'gauge',
    meaning: 'TCP connections to PORT now; `who`: known (a key was shown), or stranger.',
    labels: ['who'],
  },
  parley_sessions_opened_total: {
    type: 'counter',
    meaning:
      'Sessions that began; `way`: websocket, webrtc, sip, or whose media stream a telephone call is (`twilio`), `api`: openai or inworld.',
    labels: ['way', 'api'],
  },
  parley_sessions_ended_total: {
    type: 'counter',
    meaning:
      'Sessions that ended; `reason`: client (it closed), lost (its connection broke), expired, leaving (the server went), slow (it did not read), fault (ours), other.',
    labels: ['way', 'reason'],
  },
  parley_connections_lost_total: {
    type: 'counter',
    meaning: 'Connections that broke and whose sessions began to wait for their clients.',
    labels: [],
  },
  parley_sessions_resumed_total: {
    type: 'counter',
    meaning: 'Sessions that were waiting and that their clients took up again.',
    labels: [],
  },
  parley_session_seconds: {
    type: 'histogram',
    meaning: 'How long sessions lasted.',
    labels: [],
    buckets: [1, 10, 30, 60, 300, 900, 1800, 3600],
  },
  parley_keys_refused_total: {
    type: 'counter',
    read: true,
    meaning:
      'Requests that nobody was let in for; `reason`: wrong (none of the keys holds), expired (it held once), missing (none was offered), throttled (too many wrong ones came from there: none was looked at).',
    labels: ['reason'],
  },
  parley_refusals_total: {
    type: 'counter',
    meaning:
      'Requests and connections that were turned away; `way`: websocket, http or connection (which nothing was asked over), `reason`: full, draining, unauthorized, forbidden, not_found, rate_limited, too_large, timeout (it did not come to its end), crowded (a connection without a key, ended for a newer one), unavailable, invalid (any other fault of whoever asks), fault (ours).',
    labels: ['way', 'reason'],
  },

  parley_limit_refusals_total: {
    type: 'counter',
    meaning:
      'What was refused because a limit was reached; `limit`: sessions, requests, responses (beside a conversation), recognition, speech or mints.',
    labels: ['limit'],
  },
  parley_limit_used: {
    type: 'gauge',
    meaning:
      'Which part of a limit is used by the API key that uses most of it: 1 is all of it, and more what it owes, since speech is counted when it has been made. Of the limits that are set, but for `responses`.',
    labels: ['limit'],
  },
  parley_loop_wait_seconds_total: {
    type: 'counter',
    meaning: 'How long messages and requests of clients waited, all together, because their API key had had its share of the main loop.',
    labels: [],
  },
  parley_limit_keys: { type: 'gauge', meaning: 'API keys that use something now, or did a minute or two ago.', labels: [] },

  parley_turns_total: { type: 'counter', meaning: 'Turns of users that were spoken.', labels: [] },
  parley_responses_total: {
    type: 'counter',
    meaning:
      'Responses that ended; `status`: completed, cancelled, incomplete or failed, `reason`: why, where there is a reason (turn_detected, max_output_tokens, session_ended while it was under way, the code of a failure), else none.',
    labels: ['status', 'reason'],
  },
  parley_barge_ins_total: {
    type: 'counter',
    meaning:
      'Answers that were cut because the user began to speak; one that had been sent already counts when its client says that it cut it.',
    labels: [],
  },
  parley_tokens_total: {
    type: 'counter',
    meaning: 'Tokens of language models, as they or the estimate count them; `direction`: in or out.',
    labels: ['direction'],
  },
  parley_sound_received_seconds_total: { type: 'counter', meaning: 'Sound that came in, silence included.', labels: [] },
  parley_speech_heard_seconds_total: { type: 'counter', meaning: 'Sound of turns that were recognised.', labels: [] },
  parley_speech_sent_seconds_total: { type: 'counter', meaning: 'Speech of answers that went out.', labels: [] },
  parley_received_bytes_total: {
    type: 'counter',
    read: true,
    meaning: 'Bytes that came in over HTTP and WebSockets. The sound of calls, which comes over UDP, is not among them.',
    labels: [],
  },
  parley_sent_bytes_total: { type: 'counter', read: true, meaning: 'Bytes that went out, of the same.', labels: [] },

  parley_answer_seconds: {
    type: 'histogram',
    meaning: 'From the end of speech, as it arrived, to the first sound of the answer: what a user waits, without the network.',
    labels: [],
    buckets: moments,
  },
  parley_turn_end_seconds: {
    type: 'histogram',
    meaning: 'From the end of speech to the end of the turn: the silence that is waited for, and how late it was noticed.',
    labels: [],
    buckets: moments,
  },
  parley_transcript_seconds: {
    type: 'histogram',
    meaning: 'From the end of a turn to its words.',
    labels: [],
    buckets: moments,
  },
  parley_first_token_seconds: {
    type: 'histogram',
    meaning: 'From asking the language model to its first token.',
    labels: [],
    buckets: moments,
  },
  parley_first_audio_seconds: {
    type: 'histogram',
    meaning: "From the model's first token to the first sound: the words of a first clause, and the voice.",
    labels: [],
    buckets: moments,
  },
  parley_server_added_seconds: {
    type: 'histogram',
    meaning:
      'What of `parley_answer_seconds` is neither the silence that was agreed nor an engine: how late the end of the turn was noticed, and whatever passed between recogniser, model and voice.',
    labels: [],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.35, 0.5, 1, 2, 5],
  },

  parley_engine_up: {
    type: 'gauge',
    meaning: 'Whether an engine works (1 or 0); `kind`: stt, llm, tts, vad, turn, denoise or codec.',
    labels: ['engine', 'kind'],
  },
  parley_engine_waiting: { type: 'gauge', meaning: 'Tasks that wait for a worker of the engine.', labels: ['engine', 'kind'] },
  parley_engine_wait_seconds: {
    type: 'histogram',
    meaning: 'How long a task waited for a worker.',
    labels: ['engine'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15],
  },
  parley_engine_losses_total: {
    type: 'counter',
    read: true,
    meaning: 'Workers that died or were given up; each is replaced.',
    labels: ['engine', 'kind'],
  },
  parley_thread_losses_total: {
    type: 'counter',
    read: true,
    meaning:
      "Threads that died or were given up and are no engine's; each is replaced. `thread`: media (which carry WebRTC calls) or store.",
    labels: ['thread'],
  },
  parley_engine_errors_total: {
    type: 'counter',
    meaning:
      'What engines and providers failed at, where it cost somebody something; `reason`: unavailable, timeout, crashed, rejected, unauthorized, rate_limited or broken.',
    labels: ['engine', 'reason'],
  },
  parley_attempts_total: {
    type: 'counter',
    meaning:
      'Engines that were asked, each language model and those recognisers and voices in whose place others can be asked; `stage`: stt, llm or tts, `outcome`: answered, aborted, outpaced (by another that was asked as well: `PARLEY_LLM_HEDGE_MS`), or what it failed at (`ttft_timeout`: its first word was late, and the next was asked).',
    labels: ['stage', 'provider', 'outcome'],
  },
  parley_second_tries_total: {
    type: 'counter',
    meaning: 'Requests to a language model that were made once more, by what the first failed at.',
    labels: ['engine', 'reason'],
  },

  parley_sip_calls: { type: 'gauge', meaning: 'Telephone calls by SIP now, those that ring among them.', labels: [] },
  parley_sip_registered: {
    type: 'gauge',
    meaning: 'Whether this server is registered with the provider of a SIP trunk (1 or 0); `trunk`: its name in the telephony file.',
    labels: ['trunk'],
  },
  parley_sip_registration_left_seconds: {
    type: 'gauge',
    meaning:
      'For how long the registration holds that the provider granted last; it is renewed before that is over. 0 where there is none.',
    labels: ['trunk'],
  },
  parley_sip_registration_failures_total: {
    type: 'counter',
    read: true,
    meaning: 'Attempts to register that failed, on all servers of the trunk; `/health` and the log say why.',
    labels: ['trunk'],
  },
  parley_sip_strangers_total: {
    type: 'counter',
    read: true,
    meaning:
      'SIP messages of those whom no trunk lets in; `outcome`: unread (too many came from there), silenced (nothing was answered), refused (403), challenged (asked for a password, as each caller is at first who has one) or wrong_password.',
    labels: ['outcome'],
  },

  parley_loop_lag_seconds: {
    type: 'gauge',
    meaning: 'How late the main loop came to its work in the last ten seconds; `quantile`: 0.5, 0.99 or 1.',
    labels: ['quantile'],
  },
  process_cpu_seconds_total: { type: 'counter', read: true, meaning: 'Processor time of the process, all threads.', labels: [] },
  process_resident_memory_bytes: { type: 'gauge', meaning: 'Resident memory of the process, without its children.', labels: [] },
  process_start_time_seconds: { type: 'gauge', meaning: 'When the process started, in Unix time.', labels: [] },
  nodejs_heap_size_used_bytes: { type: 'gauge', meaning: "Of the main thread's heap, what is used.", labels: [] },
  nodejs_external_memory_bytes: { type: 'gauge', meaning: 'Memory of buffers beside that heap.', labels: [] },
} as const satisfies Readonly<Record<string, Row>>;

type Table = typeof table;
export type MetricName = keyof Table;

type Told<T extends Row['type']> = {
  [N in MetricName]: Table[N] extends { type: T; read: true } ? never : Table[N] extends { type: T } ? N : never;
};
export type CounterName = Told<'counter'>[MetricName];
export type HistogramName = Told<'histogram'>[MetricName];
export type ReadName = Exclude<MetricName, CounterName | HistogramName>;

export type Labels<N extends MetricName> = Readonly<Record<Table[N]['labels'][number], string>>;

/** Where a metric has no labels, none are given. */
type With<N extends MetricName> = Table[N]['labels'] extends readonly [] ? [] : [labels: Labels<N>];

/** Who is told what happens. Never throws, and costs about a microsecond, without labels less: it may be told of every piece of sound. */
export interface Meters {
  add<N extends CounterName>(name: N, by: number, ...labels: With<N>): void;
  observe<N extends HistogramName>(name: N, seconds: number, ...labels: With<N>): void;
}

/** What is looked up when somebody asks. */
export type Reading = { [N in ReadName]: { readonly name: N; readonly value: number; readonly labels: Labels<N> } }[ReadName];

export function reading<N extends ReadName>(name: N, value: number, ...[labels]: With<N>): Reading {
  return { name, value, labels: labels ?? {} } as unknown as Reading;
}
