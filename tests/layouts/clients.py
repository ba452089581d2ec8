"""Replies as some fifty mail programs make them, from our mail's bytes and what a person types.

`CLIENTS` holds a builder for each program and mode; `replies` puts an answer, and one more sentence, into
every place where a person can type in it. Nothing here is random, or shared with the reader under test.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.layouts.desktop import DESKTOP
from tests.layouts.devices import DEVICES
from tests.layouts.model import Client, Draft, Original, Reply
from tests.layouts.outlook import OUTLOOK
from tests.layouts.places import Place, places
from tests.layouts.plain import PLAIN
from tests.layouts.prefilled import PREFILLED
from tests.layouts.webmail import WEBMAIL

__all__ = ["CLIENTS", "Client", "Draft", "Reply", "replies", "reply"]


CLIENTS: Mapping[str, Client] = {
    name: replace(client, name=name)
    for group in (OUTLOOK, WEBMAIL, DEVICES, DESKTOP, PLAIN, PREFILLED)
    for name, client in group.items()
}


def reply(
    request: bytes | Original,
    client: str,
    place: Place,
    answer: str,
    extra: str,
    language: str = "en",
    reject: bool = False,
) -> Reply:
    """One reply. language: of the program, whose labels need not be in the language of the text."""
    original = request if isinstance(request, Original) else Original.of(request)
    words = [lines[0].casefold() for lines in original.drafts]
    draft = place.draft(answer, extra, reject or answer.casefold() in words[1:])
    return Reply(client, place.name, CLIENTS[client].build(original, draft, language), draft.typed)


def replies(
    request: bytes, client: str, answer: str, extra: str, language: str = "en", reject: bool = False
) -> Iterator[Reply]:
    """The plain answer and the answer with `extra`, at every place that this client has.

    Of a mail without buttons there are no replies by button.
    """
    original = Original.of(request)
    if "pre" in CLIENTS[client].slots and not original.drafts:
        return
    for place in places(CLIENTS[client].slots):
        yield reply(original, client, place, answer, extra, language, reject)
