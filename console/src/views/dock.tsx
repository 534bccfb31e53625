// Where one talks: the waveform of both sides, the big button and its small ones, and the line to write in.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Console } from '../app/console.ts';
import { type Activity, activityOf } from '../app/state.ts';
import { useStore } from './use-store.ts';
import { CloseIcon, HandIcon, HushIcon, MicrophoneIcon, MutedIcon, SendIcon, StopIcon } from './icons.tsx';
import { Waveform } from './waveform.tsx';

export function Dock({ parley }: { parley: Console }) {
  const activity = useStore(parley.state, activityOf);
  const microphone = useStore(parley.state, (state) => state.microphone);
  const muted = useStore(parley.state, (state) => state.muted);
  const push = useStore(parley.state, (state) => state.push);
  const busy = useStore(parley.state, ({ playing, conversation }) => playing || conversation.responseId !== undefined);
  const open = useStore(parley.state, ({ link }) => link.phase === 'open');
  return (
    <div class="dock">
      <Problems parley={parley} />
      <Waveform above={parley.voice.mine} below={parley.voice.theirs} running={open} label="you above, Parley below" />
      <div class="controls">
        <div class="controls-side">
          <button
            type="button"
            class="icon-button labelled"
            aria-pressed={muted}
            disabled={microphone !== 'on' || push !== 'off'}
            onClick={() => parley.setMuted(!muted)}
          >
            {muted ? <MutedIcon /> : <MicrophoneIcon />}
            <span>{muted ? 'Unmute' : 'Mute'}</span>
          </button>
          <button
            type="button"
            class="icon-button labelled"
            aria-pressed={push !== 'off'}
            title="Speak only while a button or the space bar is held"
            onClick={() => parley.desk.usePush(push === 'off')}
          >
            <HandIcon />
            <span>Push to talk</span>
          </button>
        </div>
        <MainButton parley={parley} activity={activity} />
        <div class="controls-side">
          <button type="button" class="icon-button labelled" disabled={!busy} onClick={() => parley.interrupt()} title="Escape">
            <HushIcon />
            <span>Interrupt</span>
          </button>
          <Devices parley={parley} />
        </div>
      </div>
      {push !== 'off' && open && <PushButton parley={parley} held={push === 'held'} ready={microphone === 'on'} />}
      <Composer parley={parley} />
    </div>
  );
}

function MainButton({ parley, activity }: { parley: Console; activity: Activity }) {
  const microphone = useStore(parley.state, (state) => state.microphone);
  const ring = useRef<HTMLSpanElement>(null);
  const begins = activity === 'idle' || activity === 'locked' || (activity === 'ready' && microphone === 'off');
  useEffect(() => {
    if (begins) return;
    let frame = requestAnimationFrame(function draw() {
      const loudest = Math.max(parley.voice.mine.level, parley.voice.theirs.level);
      ring.current?.style.setProperty('--level', Math.min(1, loudest * 1.6).toFixed(3));
      frame = requestAnimationFrame(draw);
    });
    return () => cancelAnimationFrame(frame);
  }, [parley, begins]);
  return (
    <button
      type="button"
      class="main-button"
      data-activity={activity}
      disabled={activity === 'locked'}
      onClick={() => (begins ? void parley.talk() : parley.hangUp())}
    >
      <span class="ring" ref={ring} aria-hidden="true" />
      <span class="main-face">
        {begins ? <MicrophoneIcon /> : <StopIcon />}
        <span>{begins ? 'Talk' : 'End'}</span>
      </span>
    </button>
  );
}

function PushButton({ parley, held, ready }: { parley: Console; held: boolean; ready: boolean }) {
  const isKey = (event: KeyboardEvent) => event.key === 'Enter' || event.code === 'Space';
  return (
    <button
      type="button"
      class="push-button"
      aria-pressed={held}
      disabled={!ready}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        parley.desk.press();
      }}
      onPointerUp={() => parley.desk.release()}
      onPointerCancel={() => parley.desk.release()}
      onKeyDown={(event) => isKey(event) && !event.repeat && parley.desk.press()}
      onKeyUp={(event) => isKey(event) && parley.desk.release()}
      onContextMenu={(event) => event.preventDefault()}
    >
      {!ready && 'Press Talk to use the microphone'}
      {ready && held && 'Speak … let go when you are done'}
      {ready && !held && (
        <>
          Hold to talk<span class="for-keyboards">, or hold the space bar</span>
        </>
      )}
    </button>
  );
}

function Devices({ parley }: { parley: Console }) {
  const devices = useStore(parley.state, (state) => state.devices);
  const deviceId = useStore(parley.state, (state) => state.deviceId);
  const on = useStore(parley.state, ({ microphone }) => microphone === 'on');
  return (
    <label class="device" data-disabled={!on}>
      <span class="unseen">Microphone</span>
      <select
        disabled={!on}
        value={deviceId ?? ''}
        title="Which microphone"
        onChange={({ currentTarget }) => void parley.openMicrophone(currentTarget.value)}
      >
        {devices.length === 0 && <option value="">Microphone</option>}
        {devices.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function Composer({ parley }: { parley: Console }) {
  const [text, setText] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    if (text.trim() === '') return;
    parley.say(text.trim());
    setText('');
  };
  return (
    <form class="composer" onSubmit={submit}>
      <label class="unseen" for="composer-text">
        Write a message
      </label>
      <input
        id="composer-text"
        type="text"
        placeholder="Or write …"
        autocomplete="off"
        enterkeyhint="send"
        maxLength={4000}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <button type="submit" class="send-button" aria-label="Send" disabled={text.trim() === ''}>
        <SendIcon />
      </button>
    </form>
  );
}

function Problems({ parley }: { parley: Console }) {
  const problems = useStore(parley.state, (state) => state.problems);
  return (
    <div class="problems" role="alert">
      {problems.map(({ id, text }) => (
        <p key={id} class="problem">
          <span>{text}</span>
          <button type="button" class="icon-button tiny" aria-label="Dismiss" onClick={() => parley.dismiss(id)}>
            <CloseIcon />
          </button>
        </p>
      ))}
    </div>
  );
}
