"""What the drivers of the Python clients share.

A driver reads one line of JSON for each scenario it is to run, {"scenario": name, "given": {...}}, and answers with lines of JSON that
tell what its client met: {"tell": what, ...}. The last of a scenario is {"tell": "end"}, or "failed" with the traceback. What the packages
print themselves goes to standard error.
"""

import asyncio
import base64
import json
import os
import sys
import time
import traceback

URL = os.environ["PARLEY_URL"]  # http://127.0.0.1:40123
KEY = os.environ["PARLEY_KEY"]
WS = URL.replace("http", "ws", 1)

RATE_HZ = 24_000
FRAME_MS = 20
FRAME_BYTES = RATE_HZ * FRAME_MS // 1000 * 2

_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.stdout = sys.stderr


def tell(what, **more):
    """Prints one line for the test."""
    _out.write(json.dumps({"tell": what, **more}, default=str) + "\n")
    _out.flush()


def tell_sound(pcm):
    tell("sound", pcm=base64.b64encode(pcm).decode())


def speech(given, name="speech"):
    """The samples that the test has said for this scenario: PCM16 mono at 24 kHz."""
    return base64.b64decode(given[name])


class Microphone:
    """Sends a frame of 20 ms every 20 ms, silence while nobody speaks. `send` is a coroutine function that takes the bytes."""

    def __init__(self, send):
        self._send = send
        self._waiting = b""
        self._empty = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    async def _run(self):
        started, sent = time.monotonic(), 0
        while True:
            while sent < (time.monotonic() - started) * 1000 / FRAME_MS:
                frame, self._waiting = self._waiting[:FRAME_BYTES], self._waiting[FRAME_BYTES:]
                await self._send(frame.ljust(FRAME_BYTES, b"\0"))
                sent += 1
                if not self._waiting:
                    self._empty.set()
            await asyncio.sleep(FRAME_MS / 1000)

    async def speak(self, pcm):
        """Returns when the last of it has been sent; silence follows."""
        self._empty.clear()
        self._waiting += pcm
        await self._empty.wait()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def until(condition, seconds=25):
    """Waits until the condition holds, and returns what it gave."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing in {seconds} s: {getattr(condition, '__doc__', None) or condition}")
        await asyncio.sleep(0.02)
    return value


async def _serve(scenarios):
    loop = asyncio.get_running_loop()
    tell("ready")
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        try:
            await asyncio.wait_for(scenarios[order["scenario"]](order["given"]), 50)
            tell("end")
        except BaseException:
            tell("failed", why=traceback.format_exc())


def serve(*scenarios):
    """Runs the scenarios that are asked for, until standard input ends."""
    asyncio.run(_serve({scenario.__name__: scenario for scenario in scenarios}))
    # Threads that a package has left behind do not keep the driver.
    os._exit(0)
