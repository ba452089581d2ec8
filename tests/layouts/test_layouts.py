"""Replies as real mail programs make them: no typed line is lost, no doubt decides, a plain answer counts."""

import email
import email.policy
import re
from collections.abc import Iterator
from html import unescape

import pytest

from tests.layouts import expectations as expect
from tests.layouts import left
from tests.layouts.adapter import read
from tests.layouts.check import Case, cases
from tests.layouts.clients import CLIENTS, replies
from tests.layouts.phrases import LANGUAGES
from tests.layouts.request import request
from tests.layouts.thirty import ITEMS, Item


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_what_a_person_types_in_this_client_counts_or_is_asked_about(client: str) -> None:
    bad = [(c, judged) for c in cases(client) if (judged := c.judged()).fine == (str(c) in left.REPLIES)]
    shown = [f"{judged.outcome} {case}: {case.extra!r} -> {judged.said}" for case, judged in bad[:30]]
    assert not bad, f"{len(bad)} replies:\n" + "\n".join(shown)


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_a_reply_is_the_same_at_each_run_and_shows_each_typed_line_in_each_part(client: str) -> None:
    first, second = (list(replies(request(), client, "Approve", "wait for Bob")) for _ in range(2))
    assert first == second
    for reply in first:
        parts = list(_parts(reply.data))
        assert parts
        for line in reply.typed:
            assert all(expect.squeezed(line) in part for part in parts), (reply.place, line)


def _parts(data: bytes) -> Iterator[str]:
    for part in email.message_from_bytes(data, policy=email.policy.default).walk():
        if part.get_content_maintype() == "text":
            text = part.get_content()
            if part.get_content_subtype() == "html":
                text = unescape(re.sub(r"<[^>]*>", "", text))
            yield expect.squeezed(re.sub(r"^(> ?)+", "", text, flags=re.M))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_of_this_suite_are_known_for_what_they_are(language: str) -> None:
    """Typed as people usually do, in a mail with nothing else in it: otherwise the cases prove nothing."""
    for number in range(len(expect.DOUBTING[language])):
        doubt = Case("mutt", "next", expect.DOUBT, language, "en", number).judged()
        assert doubt.fine, (expect.DOUBTING[language][number], doubt)
    harmless = Case("mutt", "next", expect.HARMLESS_EXTRA, language).judged()
    assert harmless.outcome == "kept", harmless
    assert read(Case("mutt", "plain", expect.PLAIN, language).reply().data, request(language))[0] == "approve"


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.title)
def test_a_way_to_fail_that_nobody_had_named(item: Item) -> None:
    assert bool(item.fault()) == (item.title in left.ITEMS), item.fault()
