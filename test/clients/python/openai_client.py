"""`openai`, asynchronous and synchronous, over plain http: only the base URL and the key are ours."""

import asyncio
import base64
import json

from driver import KEY, URL, Microphone, serve, speech, tell, until
from openai import AsyncOpenAI, OpenAI
from openai.types.realtime import RealtimeServerEvent
from pydantic import TypeAdapter, ValidationError

client = AsyncOpenAI(base_url=f"{URL}/v1", api_key=KEY)
_types = TypeAdapter(RealtimeServerEvent)


class Conversation:
    """A connection with a record of its events, each of which must be valid for the package's own types."""

    def __init__(self, connection):
        self.connection = connection
        self.events = []
        self._task = asyncio.create_task(self._read())

    async def _read(self):
        while True:
            raw = await self.connection.recv_bytes()
            try:
                _types.validate_json(raw)
            except ValidationError as error:
                tell("invalid", event=json.loads(raw)["type"], why=str(error))
            self.events.append(self.connection.parse_event(raw))
            tell("event", event=json.loads(raw))

    async def wait(self, kind, start=0):
        return await until(lambda: next((event for event in self.events[start:] if event.type == kind), None))

    async def say(self, text):
        content = [{"type": "input_text", "text": text}]
        await self.connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})

    def microphone(self):
        return Microphone(lambda pcm: self.connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode()))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def spoken_turn(given):
    async with client.realtime.connect(model="gpt-realtime") as connection, Conversation(connection) as conversation:
        heard = {"input": {"transcription": {"model": "whisper-1"}}}
        await connection.session.update(session={"type": "realtime", "instructions": "Be brief.", "audio": heard})
        await conversation.wait("session.updated")
        async with conversation.microphone() as microphone:
            await microphone.speak(speech(given))
            await conversation.wait("conversation.item.input_audio_transcription.completed")
            await conversation.wait("response.done")


async def barge_in(given):
    async with client.realtime.connect(model="gpt-realtime") as connection, Conversation(connection) as conversation:
        async with conversation.microphone() as microphone:
            await conversation.say("Count from one thousand to two thousand.")
            await connection.response.create()
            answer = await conversation.wait("response.output_audio.delta")
            await asyncio.sleep(1)
            await microphone.speak(speech(given))
            await conversation.wait("response.done")
            await connection.conversation.item.retrieve(item_id=answer.item_id)
            await conversation.wait("conversation.item.retrieved")
            await until(lambda: [event.type for event in conversation.events].count("response.done") == 2)


async def function_call(given):
    async with client.realtime.connect(model="gpt-realtime") as connection, Conversation(connection) as conversation:
        await connection.session.update(session={"type": "realtime", "tools": [given["tool"]]})
        await conversation.wait("session.updated")
        async with conversation.microphone() as microphone:
            await microphone.speak(speech(given))
            call = await conversation.wait("response.function_call_arguments.done")
            await conversation.wait("response.done")
            mark = len(conversation.events)
            output = {"type": "function_call_output", "call_id": call.call_id, "output": given["result"]}
            await connection.conversation.item.create(item=output)
            await connection.response.create()
            await conversation.wait("response.done", mark)


async def synchronous(given):
    """The synchronous client, with a secret of `client_secrets` for its key."""

    def talk():
        secret = OpenAI(base_url=f"{URL}/v1", api_key=KEY).realtime.client_secrets.create(
            session={"type": "realtime", "instructions": "You are Ada."}
        )
        with OpenAI(base_url=f"{URL}/v1", api_key=secret.value).realtime.connect(model="gpt-realtime") as connection:
            content = [{"type": "input_text", "text": "What is your name?"}]
            connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
            connection.response.create()
            for event in connection:
                if event.type == "session.created":
                    tell("session", instructions=event.session.instructions)
                if event.type == "response.output_audio_transcript.done":
                    tell("said", transcript=event.transcript)
                if event.type == "response.done":
                    return

    await asyncio.to_thread(talk)


async def call_and_hang_up(given):
    """A WebRTC call by its HTTP routes: the answer of an offer, and its end."""
    answer = await client.realtime.calls.create(sdp=given["offer"], session={"type": "realtime", "model": "gpt-realtime"})
    call_id = answer.response.headers["location"].rsplit("/", 1)[1]
    tell("answer", sdp=answer.text, call=call_id)
    async with client.realtime.connect(call_id=call_id) as beside:
        tell("beside", event=(await beside.recv()).type)
        await client.realtime.calls.hangup(call_id)
        try:
            while True:
                await asyncio.wait_for(beside.recv(), 10)
        except TimeoutError:
            tell("still open")
        except Exception as closed:
            tell("closed", why=str(closed))


serve(spoken_turn, barge_in, function_call, synchronous, call_and_hang_up)
