"""What a server wrote is redacted as soon as it is a failure, a receipt, a refusal, a step or a report."""

import base64
import html
import quopri
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

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


def _each(form: str, text: str) -> str:
    return "".join(form.format(ord(letter)) for letter in text)


# As programs on the way write what they were told: torn, in other letters, escaped.
REWRITTEN: Mapping[str, Callable[[str], str]] = {
    "two lines of a reply": lambda said: f"{said[:10]}\r\n{said[10:]}",
    "wrapped": lambda said: "\n ".join(said[n : n + 7] for n in range(0, len(said), 7)),
    "control characters": "\0".join,
    "invisible characters": "\u200b".join,
    "capitals": str.upper,
    "small letters": str.lower,
    "every byte percent-encoded": lambda said: _each("%{:02X}", said),
    "percent-encoded twice": lambda said: _each("%25{:02x}", said),
    "quoted-printable": lambda said: (
        quopri.encodestring(f"{said[:9]}={said[9:]}".encode()).decode()[:9] + "=\n" + said[9:]
    ),
    "every byte quoted-printable": lambda said: _each("={:02X}", said),
    "HTML": html.escape,
    "HTML by numbers": lambda said: _each("&#{};", said),
    "HTML by hexadecimal numbers": lambda said: _each("&#x{:x};", said),
    "backslash x": lambda said: _each("\\x{:02x}", said),
    "backslash u": lambda said: _each("\\u{:04x}", said),
    "backslashes": lambda said: re.sub(r"(\W)", r"\\\1", said),
    "a torn SASL response": lambda said: RESPONSE[:10] + "\n" + RESPONSE[10:] if said == PASSWORD else said,
    "capitals in two lines": lambda said: f"{said[:8]}\n{said[8:]}".upper(),
}


def _put_together(text: str) -> str:
    """What a person can make of it."""
    text = html.unescape(unquote(unquote(re.sub(r"=([0-9A-F]{2})", r"%\1", text))))
    text = re.sub(r"\\(?:x|u00)([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)
    return "".join(c for c in text if c.isalnum() or c in "&+/").lower()


@pytest.mark.parametrize("how", REWRITTEN)
@pytest.mark.parametrize("carrier", [*CARRIERS, *OURS])
def test_nor_however_it_was_written_anew(carrier: Callable[[str], object], how: str) -> None:
    Secret("plain", PASSWORD).read()
    for told in (PASSWORD, REFERENCE):
        shown = str(carrier(f"535 5.7.8 no <{REWRITTEN[how](told)}> here"))
        left = _put_together(shown)
        hidden = (PASSWORD, REFERENCE[12:], RESPONSE)
        assert [word for word in hidden if _put_together(word) in left] == [], shown
        assert "no" in shown and "here" in shown


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_reference_in_base64_is_not_shown(carrier: Callable[[str], object]) -> None:
    for before in (b"", b"<", b"Message-ID: <", b"xy"):
        told = base64.b64encode(before + REFERENCE.encode() + b"@corp.test>").decode()
        assert told[16:40] not in str(carrier(f"554 =?utf-8?b?{told}?= refused"))


def test_words_that_only_look_like_one_stay() -> None:
    Secret("plain", PASSWORD).read()
    said = (
        "550 FM1-PAYMENTS are late and the team of the ledger at home never asks why they wait; 3% of 25=10"
    )
    assert Receipt(said).answer == said
