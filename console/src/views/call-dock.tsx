// What an operator can do about a call: listen to it, tell the agent something that the caller does not hear, and hang up.
import { useState } from 'preact/hooks';
import type { Calls } from '../app/calls.ts';
import type { Speech } from '../app/operator-voice.ts';
import { useStore } from './use-store.ts';
import type { Call } from '../realtime/calls.ts';
import { CloseIcon, HangUpIcon, ListenIcon, MicrophoneIcon, SendIcon } from './icons.tsx';
import { SureButton } from './sure-button.tsx';
import { Waveform } from './waveform.tsx';

export function CallDock({ calls, call }: { calls: Calls; call: Call }) {
  const listening = useStore(calls.state, (state) => state.listening);
  const canTalk = call.state === 'talking' || call.state === 'transferring';
  if (call.state === 'ended') return null;
  return (
    <div class="dock call-dock">
      <Problem calls={calls} />
      {listening === 'on' && <Waveform above={calls.caller} below={calls.agent} running label="the caller above, the agent below" />}
      <div class="call-controls">
        <button
          type="button"
          class="button"
          aria-pressed={listening !== 'off'}
          disabled={!canTalk}
          title="Both sides: the caller on the left, the agent on the right"
          onClick={() => (listening === 'off' ? void calls.listen() : calls.stopListening())}
        >
          <ListenIcon />
          {{ off: 'Listen', asked: 'Listening …', on: 'Stop listening' }[listening]}
        </button>
        <HangUp calls={calls} />
      </div>
      <Instruction calls={calls} canTalk={canTalk} />
    </div>
  );
}

const hangUpWords = { usual: 'Hang up', asked: 'Press again to end the call', busy: 'Hanging up …' };

function HangUp({ calls }: { calls: Calls }) {
  const isHangingUp = useStore(calls.state, (state) => state.isHangingUp);
  return (
    <SureButton words={hangUpWords} isBusy={isHangingUp} disabled={isHangingUp} onSure={() => void calls.hangUp()}>
      <HangUpIcon />
    </SureButton>
  );
}

const speechWords: Readonly<Record<Speech, string>> = {
  off: 'Hold to speak to the agent',
  opening: 'Getting the microphone …',
  ready: 'Hold to speak to the agent',
  held: 'Speak … let go when you are done',
  awaited: 'Writing down what you said …',
};

function Instruction({ calls, canTalk }: { calls: Calls; canTalk: boolean }) {
  const speech = useStore(calls.state, (state) => state.speech);
  const [text, setText] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.trim() === '') return;
    calls.tell(text.trim());
    setText('');
  };
  const isKey = (event: KeyboardEvent) => event.key === 'Enter' || event.code === 'Space';
  return (
    <>
      <form class="composer with-speech" onSubmit={submit}>
        <label class="unseen" for="instruction">
          Tell the agent
        </label>
        <input
          id="instruction"
          type="text"
          placeholder="Tell the agent …"
          autocomplete="off"
          enterkeyhint="send"
          maxLength={4000}
          disabled={!canTalk}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button
          type="button"
          class="speak-button"
          aria-label={speechWords[speech]}
          title={speechWords[speech]}
          aria-pressed={speech === 'held'}
          disabled={!canTalk || speech === 'awaited'}
          data-speech={speech}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            calls.press();
          }}
          onPointerUp={() => calls.release()}
          onPointerCancel={() => calls.release()}
          onKeyDown={(event) => isKey(event) && !event.repeat && calls.press()}
          onKeyUp={(event) => isKey(event) && calls.release()}
          onBlur={() => calls.release()}
          onContextMenu={(event) => event.preventDefault()}
        >
          <MicrophoneIcon />
        </button>
        <button type="submit" class="send-button" aria-label="Tell" disabled={!canTalk || text.trim() === ''}>
          <SendIcon />
        </button>
      </form>
      <p class="soft small-print call-hint" role="status">
        {speech === 'off' || speech === 'ready' ? 'The caller does not hear it; the agent acts on it.' : speechWords[speech]}
      </p>
    </>
  );
}

function Problem({ calls }: { calls: Calls }) {
  const problem = useStore(calls.state, (state) => state.problem);
  return (
    <div class="problems" role="alert">
      {problem !== undefined && (
        <p class="problem">
          <span>{problem}</span>
          <button type="button" class="icon-button tiny" aria-label="Dismiss" onClick={() => calls.dismiss()}>
            <CloseIcon />
          </button>
        </p>
      )}
    </div>
  );
}
