"""What a server wrote is redacted as soon as it is a failure, a receipt, a refusal, a step or a report."""

import base64
from collections.abc import Callable

import pytest

from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.core.parsed_reply import Bounce
from flexmaild.core.ports import FolderState, Receipt, Refusal, Unreadable
from flexmaild.core.steps import Step
from flexmaild.oauth.errors import fault
from flexmaild.settings.javamail.session import Proxy
from flexmaild.settings.secrets import Secret

PASSWORD = "Tr0ub4dor&3"
REFERENCE = "FM1-GAYTEMZUGU3DOOBZAAAGOHB2BUQ7VFJQAWUCIGO2OVSSG"
RESPONSE = base64.b64encode(f"\0bob\0{PASSWORD}".encode()).decode()
ECHOES = [
    f"BAD Error in IMAP command LOGIN bob {PASSWORD} (0.001 + 0.000 secs).",
    f"535 5.7.8 cannot understand {RESPONSE}",
    f"535 {base64.b64encode(PASSWORD.encode()).decode()}",
    "535 Tr0ub4dor%263",
    "535 Tr0ub4dor%263".lower().replace("tr0", "Tr0"),
    f"250 2.0.0 Ok <{REFERENCE}.m-1@corp.test> queued",
    "500 unknown command AUTH LOGIN dGhlIHBhc3N3b3JkIG9mIG5vYm9keQ==",
]
CARRIERS: list[Callable[[str], object]] = [
    lambda said: str(TryLater(Reason.SERVER, "refused", answer=said)),
    lambda said: repr(GiveUp(Reason.SERVER, "refused", answer=said).__dict__),
    lambda said: Receipt(said),
    lambda said: Receipt("", refused=(Refusal("a@b.test", True, said),)),
    lambda said: Bounce("a@b.test", True, diagnostic=said),
]
# Where our own words stand around the server's, only what is known is hidden.
OURS: list[Callable[[str], object]] = [
    lambda said: repr(TryLater(Reason.SERVER, f"refused: {said}")),
    lambda said: TryLater(Reason.SERVER, "x", cure=f"Folders there: {said}").cure,
    lambda said: Unreadable(1, "INBOX", said),
    lambda said: FolderState(1, False, said),
    lambda said: Step("login", False, "log in", said),
    lambda said: fault({"error": "invalid_grant", "error_description": said}).__dict__,
    lambda said: fault({"error": said}).__dict__,
]
HIDDEN = (PASSWORD, "Tr0ub4dor%263", RESPONSE[8:], "VHIwdWI0ZG9y", REFERENCE[9:], "dGhlIHBhc3N3b3Jk")


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_a_server_repeats_is_not_in_what_carries_its_words(
    carrier: Callable[[str], object], echo: str
) -> None:
    Secret("plain", PASSWORD).read()
    shown = str(carrier(echo))
    assert [word for word in HIDDEN if word in shown] == []


@pytest.mark.parametrize("echo", ECHOES[:-1])
@pytest.mark.parametrize("carrier", OURS)
def test_nor_is_it_where_our_words_stand_around_it(carrier: Callable[[str], object], echo: str) -> None:
    Secret("plain", PASSWORD).read()
    shown = str(carrier(echo))
    assert [word for word in HIDDEN if word in shown] == []


def test_a_cut_goes_through_no_secret() -> None:
    Secret("plain", PASSWORD).read()
    for length in range(480, 510):
        assert "Tr0ub" not in TryLater(Reason.SERVER, "x", answer="y" * length + PASSWORD).answer


def test_a_proxys_password_is_a_secret_too() -> None:
    Proxy("http", "proxy.test", 3128, "bob", PASSWORD)
    assert PASSWORD not in str(TryLater(Reason.NETWORK, f"it answers 407 bob:{PASSWORD}"))


def test_a_token_is_a_secret_from_the_answer_that_brings_it() -> None:
    from flexmaild.oauth.grants import make_known

    make_known({"access_token": "ya29.opaque", "refresh_token": "1//rotated", "expires_in": 3600})
    assert "opaque" not in Receipt("250 ya29.opaque").answer
    assert "rotated" not in Receipt("250 1//rotated").answer
