// What has been said in the page's own conversation.
import type { Console } from '../app/console.ts';
import { useStore } from './use-store.ts';
import { Script } from './script.tsx';
import { Scroller } from './scroller.tsx';

const speakers = { user: 'You', assistant: 'Parley', system: 'System' };

export function ConversationView({ parley, onTurn }: { parley: Console; onTurn: (number: number) => void }) {
  const entries = useStore(parley.state, ({ conversation }) => conversation.entries);
  const turns = useStore(parley.state, (state) => state.turns.list);
  const idle = useStore(parley.state, ({ link }) => link.phase === 'idle');
  return (
    <Scroller label="What has been said" grown={entries}>
      {entries.length === 0 ? (
        <Welcome onSay={(text) => parley.say(text)} />
      ) : (
        <Script
          entries={entries}
          turns={turns}
          speakers={speakers}
          onTurn={onTurn}
          onAnswer={(callId, output) => parley.answerCall(callId, output)}
          onDecide={(requestId, approve) => parley.approve(requestId, approve)}
        />
      )}
      {idle && entries.length > 0 && (
        <p class="conversation-end">
          <button type="button" class="button small" onClick={() => parley.clearConversation()}>
            Clear
          </button>
        </p>
      )}
    </Scroller>
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
