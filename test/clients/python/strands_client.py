"""`strands-agents`: its bidirectional agent over the OpenAI model. The address is a constant of the package, which is set here."""

import asyncio
import base64
import contextlib

from driver import KEY, WS, Microphone, serve, speech, tell, tell_sound, until
from strands import tool
from strands.bidi import BidiAgent
from strands.bidi.models.openai import realtime

realtime.OPENAI_REALTIME_URL = f"{WS}/v1/realtime"


@tool
def get_weather(location: str) -> str:
    """Fetch the weather for a location.

    Args:
        location: City
    """
    tell("called", location=location)
    return "It is rainy there."


class Conversation:
    def __init__(self, agent):
        self.agent = agent
        self.pcm = b""
        self.kinds = []
        self._task = asyncio.create_task(self._read())

    async def _read(self):
        async for event in self.agent.receive():
            kind = event["type"] if "type" in event else type(event).__name__
            self.kinds.append(kind)
            if kind == "bidi_audio_delta":
                self.pcm += base64.b64decode(event["audio"])
            elif kind == "bidi_transcript_block":
                tell("said", role=event["role"], transcript=event["transcript"])
            elif kind == "bidi_barge_in":
                tell("interrupted")

    async def said(self, kind, count=1):
        await until(lambda: self.kinds.count(kind) >= count)

    async def close(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@contextlib.asynccontextmanager
async def talking(messages=None):
    model = realtime.OpenAIRealtimeModel(model_id="gpt-realtime", transcription_model_id="whisper-1", api_key=KEY)
    agent = BidiAgent(model=model, tools=[get_weather], system_prompt="You are Ada. Be brief.", messages=messages)
    await agent.start()
    conversation = Conversation(agent)

    async def send(pcm):
        await agent.send({"audio_delta": {"format": "pcm", "source": {"bytes": pcm}}})

    try:
        async with Microphone(send) as microphone:
            yield conversation, microphone
    finally:
        await conversation.close()
        await agent.stop()


async def spoken_turn(given):
    async with talking() as (conversation, microphone):
        await microphone.speak(speech(given))
        await conversation.said("bidi_response_stop")
        await conversation.said("bidi_transcript_block", 2)
        tell_sound(conversation.pcm)


async def barge_in(given):
    async with talking() as (conversation, microphone):
        await conversation.agent.send("Count from one thousand to two thousand.")
        await conversation.said("bidi_audio_delta")
        await asyncio.sleep(1)
        await microphone.speak(speech(given))
        await conversation.said("bidi_barge_in")
        await conversation.said("bidi_response_stop", 2)


async def function_call(given):
    async with talking() as (conversation, microphone):
        await microphone.speak(speech(given))
        await conversation.said("bidi_response_stop", 2)


async def history(_):
    """A conversation that is taken up where another one left off."""
    before = [
        {"role": "user", "content": [{"text": "My favorite color is blue."}]},
        {"role": "assistant", "content": [{"text": "I will remember that."}]},
    ]
    async with talking(before) as (conversation, _):
        await conversation.agent.send("What is my favorite color?")
        await conversation.said("bidi_response_stop")


serve(spoken_turn, barge_in, function_call, history)
