"""LiveKit Agents and its OpenAI plugin: sessions of `RealtimeModel` alone, and an `AgentSession` with a microphone and a loudspeaker of
ours. No LiveKit server is needed for either."""

import asyncio
import contextlib
import time

from driver import KEY, RATE_HZ, URL, Microphone, serve, speech, tell, tell_sound, until
from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool, llm
from livekit.agents.voice import io
from livekit.plugins.openai.realtime import RealtimeModel
from openai.types.realtime import AudioTranscription

HEARD = AudioTranscription(model="whisper-1")


def model(**options):
    return RealtimeModel(base_url=f"{URL}/v1", api_key=KEY, **options)


def record(session):
    """Tells of every event, every error and every reconnection."""
    session.on("openai_server_event_received", lambda event: tell("event", event=event))
    session.on("error", lambda error: tell("error", why=str(error.error)))
    session.on("session_reconnected", lambda _: tell("reconnected"))


@contextlib.asynccontextmanager
async def opened(**options):
    realtime = model(**options)
    session = realtime.session()
    record(session)
    try:
        yield session
    finally:
        await session.aclose()
        await realtime.aclose()


@function_tool
async def get_weather(location: str):
    """Fetch the weather for a location.

    Args:
        location: City
    """
    tell("called", location=location)
    return "It is rainy there."


async def write(session, text):
    """The user's words, as a line of the chat context."""
    context = session.chat_ctx.copy()
    context.add_message(role="user", content=text)
    await session.update_chat_ctx(context)


async def reply(session, **options):
    """Has the model answer, and tells the text, the length of the sound and the calls."""
    made = await session.generate_reply(**options)
    texts, calls = [], []

    async def messages():
        async for message in made.message_stream:
            text, samples = "", 0
            async for piece in message.text_stream:
                text += piece
            async for frame in message.audio_stream:
                samples += frame.samples_per_channel
            texts.append(text)
            tell("reply", text=text, ms=samples * 1000 // RATE_HZ, id=message.message_id)

    async def functions():
        async for call in made.function_stream:
            calls.append(call)
            tell("call", name=call.name, arguments=call.arguments)

    await asyncio.gather(messages(), functions())
    return texts, calls


async def heard(stream, ms):
    """Takes as much of an answer's sound."""
    samples = 0
    async for frame in stream:
        samples += frame.samples_per_channel
        if samples >= ms * RATE_HZ // 1000:
            return


async def plain_reply(_):
    """An answer without instructions, then one with instructions of its own."""
    async with opened() as session:
        await write(session, "What is two plus two?")
        await reply(session)
        await session.update_instructions("You are Ada.")
        await write(session, "What is your name?")
        await reply(session, instructions="Say who you are.")


async def tools(_):
    """A call, its result in the chat context, and the answer after it."""
    async with opened() as session:
        await session.update_tools([get_weather])
        await write(session, "What is the weather in Paris?")
        _, [call] = await reply(session)
        context = session.chat_ctx.copy()
        context.items.append(llm.FunctionCallOutput(call_id=call.call_id, name=call.name, output="It is rainy there.", is_error=False))
        await session.update_chat_ctx(context)
        await reply(session)


async def handoff(_):
    """Another agent takes over: its instructions, its tools, and a chat context with other items and one changed."""
    async with opened() as session:
        await session.update_instructions("You are Ada.")
        await session.update_tools([get_weather])
        await write(session, "What is your name?")
        await reply(session)
        context = llm.ChatContext.empty()
        context.add_message(role="user", content="My favorite color is green.")
        context.add_message(role="assistant", content="I will remember that.")
        await session.update_chat_ctx(context)
        await session.update_instructions("You are Bob.")
        await session.update_tools([])
        changed = session.chat_ctx.copy()
        changed.items[0] = changed.items[0].model_copy(update={"content": ["My favorite color is blue."]})
        await session.update_chat_ctx(changed)
        await write(session, "What is your name?")
        await reply(session)
        await write(session, "What is my favorite color?")
        await reply(session)
        tell("context", items=[item.text_content for item in session.chat_ctx.items if item.type == "message"])


async def interrupt_and_truncate(_):
    """The application interrupts, cuts the answer to what was played, and goes on."""
    async with opened() as session:
        await write(session, "Count from one thousand to two thousand.")
        made = await session.generate_reply()
        message = await anext(aiter(made.message_stream))
        await heard(message.audio_stream, 1500)
        session.interrupt()
        async for _ in message.audio_stream:
            pass
        tell("interrupted")
        await until(lambda: not session.has_active_generation)
        session.truncate(message_id=message.message_id, modalities=["audio"], audio_end_ms=1000)
        await write(session, "What is two plus two?")
        await reply(session)


async def truncate_while_made(_):
    """Truncating alone, while the answer is being made, ends it."""
    async with opened() as session:
        await write(session, "Count from one thousand to two thousand.")
        made = await session.generate_reply()
        message = await anext(aiter(made.message_stream))
        await heard(message.audio_stream, 1000)
        session.truncate(message_id=message.message_id, modalities=["audio"], audio_end_ms=500)
        started = time.monotonic()
        async for _ in message.audio_stream:
            pass
        tell("ended", seconds=time.monotonic() - started)


async def reconnect(_):
    """A connection that is renewed after five seconds, with what was said before."""
    async with opened(max_session_duration=5.0) as session:
        renewed = asyncio.Event()
        session.on("session_reconnected", lambda _: renewed.set())
        await session.update_instructions("You are Ada.")
        await session.update_tools([get_weather])
        await write(session, "My favorite color is blue.")
        await reply(session)
        await asyncio.wait_for(renewed.wait(), 20)
        await until(lambda: len(session.chat_ctx.items) >= 2)
        await write(session, "What is my favorite color?")
        await reply(session)
        await write(session, "What is the weather in Paris?")
        await reply(session)


class Input(io.AudioInput):
    """What a microphone takes up."""

    def __init__(self):
        super().__init__(label="microphone")
        self._frames = asyncio.Queue()

    async def send(self, pcm):
        await self._frames.put(rtc.AudioFrame(data=pcm, sample_rate=RATE_HZ, num_channels=1, samples_per_channel=len(pcm) // 2))

    async def __anext__(self):
        return await self._frames.get()


class Output(io.AudioOutput):
    """A loudspeaker that plays at the pace of real time, and can be silenced."""

    def __init__(self):
        super().__init__(label="loudspeaker", capabilities=io.AudioOutputCapabilities(pause=False), sample_rate=RATE_HZ)
        self.pcm = b""
        self._pushed = 0.0
        self._began = 0.0
        self._end = None

    async def capture_frame(self, frame):
        await super().capture_frame(frame)
        if self._pushed == 0.0:
            self._began = time.monotonic()
            self.on_playback_started(created_at=time.time())
        self._pushed += frame.duration
        self.pcm += bytes(frame.data)

    def flush(self):
        super().flush()
        if self._pushed > 0.0 and self._end is None:
            rest = max(0.0, self._pushed - (time.monotonic() - self._began))
            self._end = asyncio.get_running_loop().call_later(rest, self._finish, False)

    def clear_buffer(self):
        if self._pushed > 0.0:
            self._finish(True)

    def _finish(self, interrupted):
        if self._end is not None:
            self._end.cancel()
            self._end = None
        position = min(self._pushed, time.monotonic() - self._began)
        self._pushed = 0.0
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


@contextlib.asynccontextmanager
async def talking(agent):
    """An agent that hears a microphone and speaks through a loudspeaker, which has no echo to get used to."""
    async with AgentSession(llm=model(input_audio_transcription=HEARD), aec_warmup_duration=None) as session:
        microphone, loudspeaker = Input(), Output()
        session.input.audio, session.output.audio = microphone, loudspeaker
        session.on("error", lambda event: tell("error", why=str(event.error)))
        await session.start(agent, record=False)
        record(agent.realtime_llm_session)
        async with Microphone(microphone.send) as mic:
            yield session, mic, loudspeaker


def history(session):
    return [
        {"role": item.role, "text": item.text_content, "interrupted": item.interrupted}
        for item in session.history.items
        if item.type == "message"
    ]


def answered(session, count):
    return lambda: sum(line["role"] == "assistant" for line in history(session)) >= count


async def agent_turns(given):
    """A spoken turn, then a spoken wish for which the agent's function runs."""
    async with talking(Agent(instructions="Be brief.", tools=[get_weather])) as (session, mic, loudspeaker):
        await mic.speak(speech(given, "question"))
        await until(answered(session, 1))
        tell_sound(loudspeaker.pcm)
        await mic.speak(speech(given, "wish"))
        await until(answered(session, 2))
        tell("history", lines=history(session))


async def agent_barge_in(given):
    """Speech interrupts a long answer."""
    async with talking(Agent(instructions="Be brief.")) as (session, mic, _):
        handle = session.generate_reply(user_input="Count from one thousand to two thousand.")
        await until(lambda: session.agent_state == "speaking")
        await asyncio.sleep(1.5)
        await mic.speak(speech(given))
        await handle
        tell("interrupted", value=handle.interrupted)
        await until(answered(session, 2))
        tell("history", lines=history(session))


serve(plain_reply, tools, handoff, interrupt_and_truncate, truncate_while_made, reconnect, agent_turns, agent_barge_in)
