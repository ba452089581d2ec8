"""GET /v1/events: the event log as Server-Sent Events (html.spec.whatwg.org, section 9.2), from any number
on.

A reader holds a number and no queue: it is woken, reads a few entries from the store, and is sent them, as
fast as it takes them.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from functools import partial

from flexmaild.api import visibility
from flexmaild.api.call import CommandRequest, Run
from flexmaild.api.problems import Problem
from flexmaild.core.documents import as_json
from flexmaild.core.documents.events import LoggedEvent
from flexmaild.core.masking import masked
from flexmaild.engine.services import Services
from flexmaild.engine.waiters import EVERYTHING
from flexmaild.store.records.audit import Excerpt, Numbered

# Entries read and sent at a time.
PORTION = 100
# A comment is sent when nothing has happened for so long, so that both sides notice a broken connection.
SILENCE_SECONDS = 15.0
_NUMBER = re.compile(r"[0-9]{1,18}")


async def stream(services: Services, call: CommandRequest, run: Run) -> AsyncIterator[bytes]:
    """Events as they are sent; the first piece is an empty comment. Raises Problem before it."""
    number = await run(_start, services, call)
    yield b":\n\n"
    loop, woken = asyncio.get_running_loop(), asyncio.Event()
    with services.waiters.watching(EVERYTHING, partial(loop.call_soon_threadsafe, woken.set)):
        while True:
            woken.clear()
            portion = await run(_portion, services, call, number)
            if portion is None:
                return
            text, number, head = portion
            if text:
                yield text
            if number < head:
                continue
            if call.query["follow"] == "false":
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), SILENCE_SECONDS)
            if not woken.is_set():
                yield b":\n\n"


def _start(services: Services, call: CommandRequest) -> int:
    """The number to go on from: the caller's, or the last one."""
    given = call.last_event_id
    found = services.store.events_after(0, 1)
    if not given:
        return 0 if call.query["follow"] == "false" else found.head
    if not _NUMBER.fullmatch(given):
        raise Problem(400, detail="Last-Event-ID is not the number of an event.")
    number = int(given)
    if number > found.head:
        detail = f"There is no event {number} yet; the last one is {found.head}."
        raise Problem(
            410, "No such event", detail, cure="The store is older: begin again with 0.", kind="gone"
        )
    if 0 < number < found.base:
        detail = f"Events up to {found.base} are kept no longer."
        raise Problem(410, "The events are gone", detail, cure="Begin again with 0.", kind="gone")
    return number


def _portion(services: Services, call: CommandRequest, number: int) -> tuple[bytes, int, int] | None:
    """The next entries as text, the number up to which they were looked through, and the last one there is.
    None where entries behind the number were pruned before they were read: `_start` tells the caller so when
    it comes again."""
    wanted = call.query.get("request", ""), call.query.get("type", "")
    found = services.store.events_after(number, PORTION, *wanted)
    if 0 < number < found.base:
        return None
    shown = map(_text, _seen(services, call, found))
    text = "".join(shown)
    return (text if call.viewer.sees_references else masked(text)).encode(), found.upto, found.head


def _seen(services: Services, call: CommandRequest, found: Excerpt) -> Iterator[Numbered]:
    """Those that the caller may see; what operators did, only who sees all."""
    sees = visibility.visible_requests(
        services.store, call.viewer, {one.entry.approval_id for one in found.entries if one.entry.approval_id}
    )
    for one in found.entries:
        if call.viewer.sees_all or (one.entry.approval_id and sees(one.entry.approval_id)):
            yield one


def _text(one: Numbered) -> str:
    entry = one.entry
    logged = LoggedEvent(
        number=one.number, at=entry.at, event=entry.event, request=entry.approval_id, data=dict(entry.data)
    )
    data = json.dumps(as_json(logged), ensure_ascii=False)
    return f"id: {one.number}\nevent: {entry.event}\ndata: {data}\n\n"
