"""`pydantic-ai`: an agent's realtime session, which handles interruptions by itself as sound is played."""

import asyncio
import contextlib

from driver import KEY, RATE_HZ, URL, Microphone, serve, speech, tell, tell_sound, until
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.realtime.openai import OpenAIRealtimeModel

agent = Agent(instructions="You are Ada. Be brief.")


@agent.tool_plain
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
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._play())]

    async def _read(self):
        async for event in self.session:
            self.kinds.append(type(event).__name__)
            if "Error" in type(event).__name__:
                tell("error", why=str(event))

    async def _play(self):
        """A loudspeaker: a chunk is asked for when the one before it has been heard."""
        async for chunk in self.session.stream_audio():
            self.pcm += chunk
            await asyncio.sleep(len(chunk) / 2 / RATE_HZ)

    async def said(self, kind, count=1):
        await until(lambda: self.kinds.count(kind) >= count)

    def lines(self):
        return [
            {
                "part": type(part).__name__,
                "text": str(getattr(part, "transcript", None) or getattr(part, "content", "")),
                "interruptedAtMs": getattr(part, "interrupted_at_ms", None),
            }
            for message in self.session.all_messages()
            for part in message.parts
        ]

    async def close(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def talking():
    provider = OpenAIProvider(base_url=f"{URL}/v1", api_key=KEY)
    model = OpenAIRealtimeModel("gpt-realtime", provider=provider)
    async with agent.realtime(model).session(handle_barge_in=True) as session:
        conversation = Conversation(session)
        async with Microphone(session.send_audio) as microphone:
            yield conversation, microphone
        await conversation.close()


async def spoken_turn(given):
    async with talking() as (conversation, microphone):
        await microphone.speak(speech(given))
        await conversation.said("RealtimeTurnCompleteEvent")
        await conversation.session.wait_for_playback()
        await until(lambda: any(isinstance(message, ModelResponse) for message in conversation.session.all_messages()))
        tell_sound(conversation.pcm)
        tell("history", lines=conversation.lines())


async def barge_in(given):
    async with talking() as (conversation, microphone):
        await conversation.session.send("Count from one thousand to two thousand.")
        await until(lambda: conversation.pcm)
        await asyncio.sleep(1.5)
        await microphone.speak(speech(given))
        await conversation.said("RealtimeTurnCompleteEvent", 2)
        tell("history", lines=conversation.lines())


async def function_call(given):
    async with talking() as (conversation, microphone):
        await microphone.speak(speech(given))
        await conversation.said("RealtimeTurnCompleteEvent")
        await until(lambda: len(conversation.lines()) >= 4)
        tell("history", lines=conversation.lines())


serve(spoken_turn, barge_in, function_call)
