// What has been said, as a script: who to the left, the words to the right. It stays at the end as long as the reader does.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { useStore } from '../app/store.ts';
import type { Entry, Message } from '../realtime/conversation.ts';
import { divide } from '../realtime/heard.ts';
import { originOf, type Turn } from '../realtime/turns.ts';
import { ApprovalEntry, FunctionEntry, McpEntry, ToolsEntry } from './tool-entries.tsx';

export function ConversationView({ parley, onTurn }: { parley: Console; onTurn: (number: number) => void }) {
  const entries = useStore(parley.state, ({ conversation }) => conversation.entries);
  const turns = useStore(parley.state, (state) => state.turns.list);
  const idle = useStore(parley.state, ({ link }) => link.phase === 'idle');
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [away, setAway] = useState(false);
  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  useEffect(() => {
    if (atEnd.current) toEnd();
  }, [entries]);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const resized = new ResizeObserver(() => atEnd.current && toEnd());
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
    setAway(!atEnd.current);
  };
  return (
    <div class="conversation-frame">
      <div class="conversation" ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label="What has been said">
        {entries.length === 0 ? (
          <Welcome onSay={(text) => parley.say(text)} />
        ) : (
          <ol class="script">
            {entries.map((entry) => (
              <li key={entry.id} class={`entry entry-${entry.kind}`} data-role={entry.kind === 'message' ? entry.role : undefined}>
                <EntryView entry={entry} parley={parley} turn={turnOf(entry, turns)} onTurn={onTurn} />
              </li>
            ))}
          </ol>
        )}
        {idle && entries.length > 0 && (
          <p class="conversation-end">
            <button type="button" class="button small" onClick={() => parley.clearConversation()}>
              Clear
            </button>
          </p>
        )}
      </div>
      {away && (
        <button type="button" class="button small to-end" onClick={toEnd}>
          To the end
        </button>
      )}
    </div>
  );
}

const suggestions = ['What time is it?', 'Count from one to ten.', 'What is 12 times 13?'];

function Welcome({ onSay }: { onSay: (text: string) => void }) {
  return (
    <div class="welcome">
      <h2>Say something.</h2>
      <p>
        Press <strong>Talk</strong> and speak, or write below. You may talk over an answer: it stops, and the words you did not hear are
        struck through.
      </p>
      <p class="suggestions">
        {suggestions.map((text) => (
          <button key={text} type="button" class="button small" onClick={() => onSay(text)}>
            {text}
          </button>
        ))}
      </p>
    </div>
  );
}

function turnOf(entry: Entry, turns: readonly Turn[]): Turn | undefined {
  if (entry.kind !== 'message' || entry.role !== 'assistant' || entry.responseId === undefined) return undefined;
  const { responseId } = entry;
  return turns.findLast(({ responseIds }) => responseIds.includes(responseId));
}

interface EntryProps {
  entry: Entry;
  parley: Console;
  turn: Turn | undefined;
  onTurn: (number: number) => void;
}

function EntryView({ entry, parley, turn, onTurn }: EntryProps) {
  switch (entry.kind) {
    case 'message':
      return <MessageView message={entry} turn={turn} onTurn={onTurn} />;
    case 'call':
      return <FunctionEntry call={entry} onAnswer={(output) => parley.answerCall(entry.callId, output)} />;
    case 'mcp_call':
      return <McpEntry call={entry} />;
    case 'approval':
      return <ApprovalEntry approval={entry} onDecide={(approve) => parley.approve(entry.id, approve)} />;
    case 'tools':
      return <ToolsEntry list={entry} />;
    case 'notice':
      return <p class="notice">{entry.text}</p>;
  }
}

const speakers: Readonly<Record<Message['role'], string>> = { user: 'You', assistant: 'Parley', system: 'System' };

function MessageView({ message, turn, onTurn }: { message: Message; turn: Turn | undefined; onTurn: (number: number) => void }) {
  const origin = turn && originOf(turn);
  const first = turn?.marks.firstAudio ?? turn?.marks.firstToken;
  const waitMs = origin === undefined || first === undefined ? undefined : Math.round(first - origin);
  return (
    <>
      <p class="speaker">{speakers[message.role]}</p>
      <div class="words" data-state={message.state}>
        <p>
          <Words message={message} />
        </p>
        {message.state === 'failed' && <p class="bad">{message.problem ?? 'This failed.'}</p>}
        {turn && waitMs !== undefined && (
          <button
            type="button"
            class="turn-chip"
            onClick={() => onTurn(turn.number)}
            aria-label={`First sound after ${waitMs} milliseconds. Show turn ${turn.number} in the timeline`}
          >
            {waitMs} ms
          </button>
        )}
      </div>
    </>
  );
}

function Words({ message }: { message: Message }) {
  const { text, kept, state, role } = message;
  if (state === 'listening' && text === '') {
    return (
      <span class="dots" role="img" aria-label={role === 'user' ? 'Hearing you' : 'Answering'}>
        <i />
        <i />
        <i />
      </span>
    );
  }
  if (text === '' && state === 'done') return <em class="soft">No words were recognised.</em>;
  if (kept === undefined || state !== 'interrupted') {
    return (
      <>
        {text}
        {state === 'partial' && role === 'user' && <span class="soft"> …</span>}
      </>
    );
  }
  const { heard, unheard } = divide(text, kept);
  return (
    <>
      {heard}
      {unheard !== '' && ' '}
      {unheard !== '' && (
        <del title="Not heard: the answer was interrupted">
          <span class="unseen">, not heard: </span>
          {unheard.trim()}
        </del>
      )}
    </>
  );
}
