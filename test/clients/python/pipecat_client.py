"""`pipecat-ai`: a pipeline around its OpenAI service, and around its Inworld service, with a microphone for its input."""

import asyncio
import contextlib

from driver import KEY, RATE_HZ, WS, Microphone, serve, speech, tell, tell_sound, until
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    InputAudioRawFrame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMRunFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.inworld.realtime import events as inworld_events
from pipecat.services.inworld.realtime.llm import InworldRealtimeLLMService
from pipecat.services.openai.realtime import events as openai_events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies
from pipecat.workers.runner import WorkerRunner

WEATHER = FunctionSchema(
    name="get_weather",
    description="Fetch the weather for a location",
    properties={"location": {"type": "string", "description": "City"}},
    required=["location"],
)


def openai():
    heard = openai_events.AudioInput(transcription=openai_events.InputAudioTranscription(model="whisper-1"))
    properties = openai_events.SessionProperties(audio=openai_events.AudioConfiguration(input=heard))
    settings = OpenAIRealtimeLLMService.Settings(model="gpt-realtime", system_instruction="Be brief.", session_properties=properties)
    return OpenAIRealtimeLLMService(api_key=KEY, base_url=f"{WS}/v1/realtime", settings=settings)


def inworld():
    return InworldRealtimeLLMService(api_key=KEY, base_url=f"{WS}/api/v1/realtime/session")


def inworld_by_hand():
    """Turns are told by the application: no turn detection is asked for."""
    heard = inworld_events.AudioInput(
        format=inworld_events.PCMAudioFormat(rate=RATE_HZ), transcription=inworld_events.InputTranscription(model="inworld/inworld-stt-1")
    )
    said = inworld_events.AudioOutput(format=inworld_events.PCMAudioFormat(rate=RATE_HZ), voice="Clive")
    properties = inworld_events.SessionProperties(
        model="openai/gpt-4.1-mini",
        output_modalities=["audio", "text"],
        audio=inworld_events.AudioConfiguration(input=heard, output=said),
    )
    settings = InworldRealtimeLLMService.Settings(session_properties=properties)
    return InworldRealtimeLLMService(api_key=KEY, base_url=f"{WS}/api/v1/realtime/session", settings=settings)


SERVICES = {"openai": openai, "inworld": inworld}


class Ears(FrameProcessor):
    """Stands where a transport's output stands, and keeps what comes by."""

    def __init__(self):
        super().__init__()
        self.pcm = b""
        self.kinds = []
        self.text = ""

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        self.kinds.append(type(frame))
        if isinstance(frame, TTSAudioRawFrame):
            self.pcm += frame.audio
        elif isinstance(frame, TTSTextFrame):
            self.text += frame.text
        elif isinstance(frame, InterruptionFrame):
            tell("interrupted")
        elif isinstance(frame, ErrorFrame):
            tell("error", why=frame.error)
        await self.push_frame(frame, direction)


class Conversation:
    def __init__(self, worker, ears, context):
        self.worker = worker
        self.ears = ears
        self.context = context

    async def said(self, kind, count=1):
        await until(lambda: self.ears.kinds.count(kind) >= count)


    async def greeted(self):
        """The first answer is to nobody's words: what was said so far is of no interest after it."""
        await self.said(LLMFullResponseEndFrame)
        self.ears.pcm, self.ears.text = b"", ""


@contextlib.asynccontextmanager
async def talking(service, *messages):
    async def weather(params):
        tell("called", location=params.arguments["location"])
        await params.result_callback({"condition": "rainy"})

    service.register_function("get_weather", weather)
    context = LLMContext(messages=list(messages), tools=ToolsSchema(standard_tools=[WEATHER]))
    # The server tells when the user speaks.
    turns = LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
    aggregators = LLMContextAggregatorPair(context, user_params=turns)
    ears = Ears()
    pipeline = Pipeline([aggregators.user(), service, ears, aggregators.assistant()])
    worker = PipelineWorker(pipeline, params=PipelineParams(audio_in_sample_rate=RATE_HZ, audio_out_sample_rate=RATE_HZ), enable_rtvi=False)

    @worker.event_handler("on_pipeline_error")
    async def on_pipeline_error(_, frame):
        tell("error", why=frame.error)

    conversation = Conversation(worker, ears, context)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())
    await worker.queue_frames([LLMRunFrame()])

    async def send(pcm):
        await worker.queue_frames([InputAudioRawFrame(audio=pcm, sample_rate=RATE_HZ, num_channels=1)])

    try:
        async with Microphone(send) as microphone:
            yield conversation, microphone
    finally:
        await worker.queue_frames([EndFrame()])
        await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), 10)


async def spoken_turn(given):
    async with talking(SERVICES[given["service"]]()) as (conversation, microphone):
        await conversation.greeted()
        await microphone.speak(speech(given))
        await conversation.said(LLMFullResponseEndFrame, 2)
        tell_sound(conversation.ears.pcm)
        tell("said", text=conversation.ears.text)
        await asyncio.sleep(0.5)
        tell("context", messages=conversation.context.messages)


async def barge_in(given):
    count = {"role": "user", "content": "Count from one thousand to two thousand."}
    async with talking(SERVICES[given["service"]](), count) as (conversation, microphone):
        await conversation.said(TTSAudioRawFrame)
        await asyncio.sleep(1)
        await microphone.speak(speech(given))
        await conversation.said(InterruptionFrame)
        # Its context gets the wish, what was said of the count, the objection, and what was said to that.
        await until(lambda: len(conversation.context.messages) >= 4)
        tell("context", messages=conversation.context.messages)


async def function_call(given):
    async with talking(SERVICES[given["service"]]()) as (conversation, microphone):
        await conversation.greeted()
        await microphone.speak(speech(given))
        await until(lambda: "rain" in conversation.ears.text.lower())


async def turn_by_hand(given):
    """A push-to-talk turn of the Inworld service, whose end the application tells."""
    async with talking(inworld_by_hand()) as (conversation, microphone):
        await conversation.greeted()
        await conversation.worker.queue_frames([UserStartedSpeakingFrame()])
        await microphone.speak(speech(given))
        # Longer than any turn detection waits.
        await asyncio.sleep(2)
        await conversation.worker.queue_frames([UserStoppedSpeakingFrame()])
        await conversation.said(LLMFullResponseEndFrame, 2)
        await asyncio.sleep(1.5)
        tell("said", text=conversation.ears.text)
        tell("answers", count=conversation.ears.kinds.count(LLMFullResponseEndFrame) - 1)


serve(spoken_turn, barge_in, function_call, turn_by_hand)
