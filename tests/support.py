"""Small verbs the tests share."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx

from domain.order import ProductType
from domain.parties import Actor
from launcher.demo import open_world
from launcher.stack import Stack
from sandbox.cases import Case, World
from sandbox.client import PATIENCE_SECONDS, Answer, Party, pauses

Seen = TypeVar("Seen")


def new_case(world: World, product_type: ProductType = ProductType.LICENSE_OFFLINE, **product: object) -> Case:
    """An order of its own for one test."""
    return Case(world, "test", product_type, product=dict(product))


def log_in(stack: Stack, actor: Actor) -> Party:
    """A party with its own credentials."""
    return Party(actor, stack.layout.api_url, stack.layout.token(actor))


def heed_interrupts() -> None:
    """As in a terminal: what a shell starts in the background ignores Ctrl-C, and so would its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def read_answer(response: httpx.Response) -> Answer:
    """Status and JSON of an answer."""
    return Answer(status=response.status_code, json_body=response.json())


def assert_problem(answer: Answer, status: int, code: str) -> None:
    """A refusal is a problem with a code, in both languages, that says what to do."""
    assert (answer.status, answer.code) == (status, code), answer.json_body
    assert answer.json_body["title"]
    assert answer.json_body["action"]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in str(answer.json_body["title_zh"]))
    assert any("\u4e00" <= letter <= "\u9fff" for letter in str(answer.json_body["action_zh"]))


@asynccontextmanager
async def opened_world(stack: Stack) -> AsyncIterator[World]:
    """Everybody logged in to a stack, and hung up again."""
    opened = await open_world(stack.layout, lambda _title, _what: None)
    yield opened
    await asyncio.gather(*(party.http.aclose() for party in opened.parties), opened.sandbox.aclose())


async def drift(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """What an operator types to compare ledger, engine and purchase system."""
    command = [sys.executable, "-m", "launcher", "drift", *words, "--folder", str(stack.folder)]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


async def persist(ask: Callable[[], Awaitable[Answer]], seconds: float = 120) -> Answer:
    """Do what the 503 says: the same again, with the same key, until it is answered."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                answer = await ask()
                if answer.status not in {502, 503}:
                    return answer
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.3)


async def assert_eventually(read: Callable[[], Awaitable[Seen]], holds: Callable[[Seen], bool]) -> Seen:
    """Read until the condition holds, for a bounded time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    for pause in pauses():
        if holds(seen := await read()):
            return seen
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(pause)
    raise AssertionError("pauses have no end")
