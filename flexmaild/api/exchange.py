"""Reads request bodies and writes answers as ASGI messages, for `api.request` and `api.monitoring`."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from flexmaild.api.call import CallerGone
from flexmaild.api.problems import MEDIA_TYPE, Problem
from flexmaild.core.masking import masked
from flexmaild.net.http_connection import LINGER
from flexmaild.system.deadline import Deadline


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer as it goes out."""

    status: int
    media_type: str
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def of_problem(problem: Problem) -> HttpAnswer:
    data = masked(json.dumps(problem.document(), ensure_ascii=False, default=str)).encode() + b"\n"
    return HttpAnswer(problem.status, MEDIA_TYPE, data, problem.headers)


async def pieces(
    scope: Scope, receive: Receive, *, silent_seconds: float, seconds: float
) -> AsyncIterator[bytes]:
    """The body as it comes; the connection holds it to its declared length.

    Raises Problem 400 where it is cut, 408 where nothing comes for `silent_seconds` or it is not complete
    after `seconds`; CallerGone.
    """
    deadline, size = Deadline.after(seconds), 0
    while True:
        try:
            async with asyncio.timeout(min(silent_seconds, deadline.left)):
                message = await receive()
        except TimeoutError:
            detail = f"The body was not complete after {seconds:g} seconds."
            if not deadline.is_over:
                detail = f"Nothing came of the body for {silent_seconds:g} seconds."
            raise Problem(408, detail=detail) from None
        if message["type"] == "http.disconnect":
            raise CallerGone
        size += len(message["body"])
        yield message["body"]
        if not message["more_body"]:
            break
    if scope["state"].get("is_cut"):
        raise Problem(400, detail=f"The body ended after {size} bytes, before its end.")


async def disconnected(receive: Receive) -> None:
    """Returns when the caller has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def write_stream(
    receive: Receive, send: Send, media_type: str, pieces: AsyncGenerator[bytes], stopping: asyncio.Event
) -> None:
    """Send pieces as they come, until they end, the caller has gone, or the daemon stops."""
    fields = {"content-type": media_type, "cache-control": "no-store"}
    raw = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": 200, "headers": raw})
    gone = asyncio.ensure_future(disconnected(receive))
    ending = asyncio.ensure_future(stopping.wait())
    try:
        while True:
            coming = asyncio.ensure_future(_next(pieces))
            await asyncio.wait({coming, gone, ending}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done() or ending.done():
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)
                break
            piece = coming.result()
            if piece is None:
                break
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    finally:
        gone.cancel()
        ending.cancel()
        await pieces.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _next(pieces: AsyncGenerator[bytes]) -> bytes | None:
    return await anext(pieces, None)


async def write(receive: Receive, send: Send, written: HttpAnswer, *, unread: bool, closes: bool) -> None:
    """Returns when the caller has taken nearly all of it, or is gone.

    unread: the body was not read, so the connection ends; what still comes of it is thrown away for a moment,
    for a caller who sends on hears of a reset and not of the answer.
    """
    fields = {
        "content-type": written.media_type,
        "content-length": str(len(written.data)),
        "cache-control": "no-store",
        **written.headers,
        **({"connection": "close"} if unread or closes else {}),
    }
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": written.status, "headers": raw})
    await send({"type": "http.response.body", "body": written.data, "more_body": True})
    if unread:
        try:
            async with asyncio.timeout(LINGER):
                while (message := await receive())["type"] == "http.request" and message["more_body"]:
                    pass
        except TimeoutError:
            pass
    # Sent only when the caller has taken what came before it: until then its place stays taken.
    await send({"type": "http.response.body", "body": b"", "more_body": False})
