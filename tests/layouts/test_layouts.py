"""Replies as real mail programs make them: no typed line is lost, no doubt decides, a plain answer counts."""

from __future__ import annotations

import pytest

from tests.layouts import expectations as expect
from tests.layouts.adapter import read
from tests.layouts.check import Case, cases
from tests.layouts.clients import CLIENTS, replies
from tests.layouts.phrases import LANGUAGES
from tests.layouts.request import request


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_what_a_person_types_in_this_client_counts_or_is_asked_about(client: str) -> None:
    bad = [(case, judged) for case in cases(client) if not (judged := case.judged()).fine]
    shown = [f"{judged.outcome} {case}: {case.extra!r} -> {judged.said}" for case, judged in bad[:30]]
    assert not bad, f"{len(bad)} replies:\n" + "\n".join(shown)


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_a_reply_is_the_same_at_each_run_and_names_what_was_typed(client: str) -> None:
    first, second = (list(replies(request(), client, "Approve", "wait for Bob")) for _ in range(2))
    assert first == second
    assert all(reply.typed for reply in first)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_of_this_suite_are_known_for_what_they_are(language: str) -> None:
    """Typed as people usually do, in a mail with nothing else in it: otherwise the cases prove nothing."""
    for number in range(len(expect.DOUBTING[language])):
        doubt = Case("mutt", "next", expect.DOUBT, language, "en", number).judged()
        assert doubt.fine, (expect.DOUBTING[language][number], doubt)
    harmless = Case("mutt", "next", expect.HARMLESS_EXTRA, language).judged()
    assert harmless.outcome == "kept", harmless
    assert read(Case("mutt", "plain", expect.PLAIN, language).reply().data, request(language))[0] == "approve"
