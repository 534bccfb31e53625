"""`openai-agents`: a realtime agent with a function of its own."""

import asyncio
import contextlib

from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner
from driver import KEY, WS, Microphone, serve, speech, tell, tell_sound, until


@function_tool
def get_weather(location: str) -> str:
    """Fetch the weather for a location.

    Args:
        location: City
    """
    tell("called", location=location)
    return "It is rainy there."


class Conversation:
    def __init__(self, session):
        self.session = session
        self.pcm = b""
        self.kinds = []
        self.history = []
        self._task = asyncio.create_task(self._read())

    async def _read(self):
        async for event in self.session:
            self.kinds.append(event.type)
            if event.type == "audio":
                self.pcm += event.audio.data
            elif event.type == "history_updated":
                self.history = event.history
            elif event.type == "audio_interrupted":
                tell("interrupted", item=event.item_id)
            elif event.type == "agent_start":
                tell("agent", name=event.agent.name)
            elif event.type == "error":
                tell("error", why=str(event.error))
            elif event.type == "raw_model_event":
                self._raw(event.data)

    def _raw(self, data):
        if data.type == "raw_server_event":
            self.kinds.append(data.data["type"])
            tell("event", event=data.data)
        elif data.type in ("error", "exception"):
            tell("error", why=str(data))

    def lines(self):
        return [
            {"role": item.role, "text": "".join(getattr(part, "transcript", None) or getattr(part, "text", None) or "" for part in item.content)}
            for item in self.history
            if item.type == "message"
        ]

    async def said(self, kind, count=1):
        await until(lambda: self.kinds.count(kind) >= count)

    def close(self):
        self._task.cancel()


@contextlib.asynccontextmanager
async def talking(**options):
    agent = RealtimeAgent(name="Host", instructions="You are Ada. Be brief.", **options)
    heard = {"transcription": {"model": "whisper-1"}, "turn_detection": {"type": "server_vad", "interrupt_response": True}}
    settings = {"audio": {"input": heard}}
    config = {"api_key": KEY, "url": f"{WS}/v1/realtime?model=gpt-realtime", "initial_model_settings": settings}
    async with await RealtimeRunner(agent).run(model_config=config) as session:
        conversation = Conversation(session)
        async with Microphone(session.send_audio) as microphone:
            yield conversation, microphone
        conversation.close()


async def spoken_turn(given):
    async with talking() as (conversation, microphone):
        await microphone.speak(speech(given))
        await conversation.said("response.done")
        await until(lambda: any(line["role"] == "user" and line["text"] for line in conversation.lines()))
        tell_sound(conversation.pcm)
        tell("history", lines=conversation.lines())


async def barge_in(given):
    async with talking() as (conversation, microphone):
        await conversation.session.send_message("Count from one thousand to two thousand.")
        await conversation.said("response.output_audio.delta")
        await asyncio.sleep(1)
        await microphone.speak(speech(given))
        # It truncates by its own clock, and reads the item back.
        await conversation.said("conversation.item.truncated")
        await conversation.said("response.done", 2)
        tell("history", lines=conversation.lines())


async def function_call(given):
    async with talking(tools=[get_weather]) as (conversation, microphone):
        await microphone.speak(speech(given))
        await conversation.said("response.done", 2)
        tell("history", lines=conversation.lines())


async def handoff(_):
    """The application hands the conversation over to another agent, whose instructions hold from then on."""
    baker = RealtimeAgent(name="Baker", instructions="You are Bob.", handoff_description="Knows all about bread")
    async with talking(handoffs=[baker]) as (conversation, _):
        await conversation.session.update_agent(baker)
        await conversation.said("session.updated", 2)
        await conversation.session.send_message("What is your name?")
        await conversation.said("response.done")
        tell("history", lines=conversation.lines())


serve(spoken_turn, barge_in, function_call, handoff)
