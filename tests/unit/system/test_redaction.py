"""No secret gets through, in whatever spelling."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.system import redaction
from flexmaild.system.redaction import MASK, MAX_SECRETS, PATTERN_LIMIT, Redactor

CANARY = 'Kanari&3n "v0gel"'
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlIG9mIGl0"
XOAUTH2 = base64.b64encode(b"user=a@b.test\x01auth=Bearer ya29.tokentoken\x01\x01").decode()
PLAIN = base64.b64encode(b"\0alice\0Tr0ub4dor").decode()
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----"

# What may come along, and the part of it that may not be seen.
SHAPES = [
    ("Authorization: Basic YWxpY2U6VHIwdWI0ZG9y", "YWxpY2U6VHIwdWI0ZG9y"),
    ("{'Authorization': 'Bearer abcdefgh12345'}", "abcdefgh12345"),
    ("got bearer abcdefgh12345, refused", "abcdefgh12345"),
    (f"send: 'AUTH PLAIN {PLAIN}\\r\\n'", PLAIN),
    (f"AUTH XOAUTH2 {XOAUTH2}", XOAUTH2),
    (f"A7 AUTHENTICATE OAUTHBEARER {XOAUTH2}", XOAUTH2),
    (f"+ then {PLAIN}", PLAIN),
    (f"> {XOAUTH2}", XOAUTH2),
    ('A1 LOGIN "alice" "Tr0ub \\"4dor"', "4dor"),
    ("A1 LOGIN alice Tr0ub4dor", "Tr0ub4dor"),
    ("password=Tr0ub4dor next", "Tr0ub4dor"),
    ("password = 'Tr0ub 4dor' next", "4dor"),
    ("outgoing.password: Tr0ub4dor", "Tr0ub4dor"),
    ("smtp_passwd='Tr0ub4dor'", "Tr0ub4dor"),
    ("client_secret=abc~def&grant_type=x", "abc~def"),
    ('{"access_token": "at-1\\"x", "expires_in": 3599}', "at-1"),
    ('{"refresh_token":"0.AAAA-rt"}', "0.AAAA-rt"),
    ("{'id_token': 'xyz.abc'}", "xyz.abc"),
    ('{"device_code": "GABC"}', "GABC"),
    ("clientAssertion=abc.def", "abc.def"),
    ("http://localhost:8400/?code=0.AX-secret&state=st4te", "0.AX-secret"),
    ("postgresql://flexmaild:pg-pass@db/fm", "pg-pass"),
    (f"token was {JWT}", JWT),
    (PEM, "MIIEvQIBADANBgkq"),
]

# What a person needs to read and must stay as it is.
PROSE = [
    "flexmaild.yaml:7:3: outgoing.password: the file /etc/flexmaild/smtp.secret is missing",
    "250-AUTH PLAIN LOGIN XOAUTH2 CRAM-MD5",
    "NO LOGIN failed.",
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant",
    "the bearer token has expired",
    "AADSTS7000215: Invalid client secret provided.",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "ap-abcdefghijklmnop decided approved by bob@corp.test",
    "smtp://mail.corp.test:25 refused",
]


@pytest.mark.parametrize(("text", "secret"), SHAPES)
def test_a_secret_is_known_by_its_shape(text: str, secret: str) -> None:
    """Secrets nobody registered are recognised by where they stand."""
    assert secret not in Redactor().clean(text)


@pytest.mark.parametrize("text", PROSE)
def test_an_explanation_stays_readable(text: str) -> None:
    """Redaction leaves the sentences that operators need."""
    assert Redactor().clean(text) == text


@given(st.text(min_size=4, max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_a_registered_value_is_never_shown(secret: str, before: str, after: str) -> None:
    """Whatever stands around a live secret, plain, quoted, in a URL or in JSON, it does not get through."""
    redactor = Redactor()
    redactor.register(secret)
    for spelled in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], _quoted(secret)):
        cleaned = redactor.clean(before + spelled + after)
        assert (
            cleaned.count(spelled) <= MASK.count(spelled) * cleaned.count(MASK) or spelled in before + after
        )


def _quoted(secret: str) -> str:
    return quote(secret.encode("utf-8", "surrogatepass"), safe="")


@given(st.binary(max_size=7), st.binary(max_size=7))
def test_a_registered_value_is_found_inside_base64(before: bytes, after: bytes) -> None:
    """A SASL response holds the password at any alignment; what is left of it cannot be decoded to it."""
    redactor = Redactor()
    redactor.register(CANARY)
    cleaned = redactor.clean("C: " + base64.b64encode(before + CANARY.encode() + after).decode())
    assert MASK in cleaned and len(cleaned) < len("C: ") + 32


def test_many_rotations_do_not_push_a_value_out_that_is_in_use() -> None:
    """Registering again at each use keeps a secret known, however many tokens come and go."""
    redactor = Redactor()
    for number in range(2 * MAX_SECRETS):
        redactor.register(CANARY)
        redactor.register(f"token-number-{number}")
    assert "Kanari" not in redactor.clean(CANARY)
    assert redactor.clean(f"token-number-{2 * MAX_SECRETS - 1}") == MASK
    assert redactor.clean("xx-number-0") == "xx-number-0"


def test_a_very_short_value_does_not_empty_the_log() -> None:
    """A word of under four letters is not masked wherever it occurs."""
    redactor = Redactor()
    redactor.register("a")
    assert redactor.clean("a mail arrived") == "a mail arrived"


def test_a_secret_behind_the_cut_is_not_half_shown() -> None:
    """Live secrets are masked before a long text is cut, so no cut goes through one."""
    redactor = Redactor()
    redactor.register(CANARY)
    for shift in range(len(CANARY)):
        assert "Kanar" not in redactor.clean("x" * (PATTERN_LIMIT - shift) + CANARY)


_PIECES = [piece for shape, _ in SHAPES for piece in (shape, *shape.split())] + list("=: \n\"'?&/@") + ["x"]


@given(st.lists(st.sampled_from(_PIECES), max_size=6).map("".join))
def test_the_quick_look_overlooks_nothing_that_a_pattern_would_find(text: str) -> None:
    looks = redaction._NEEDS_A_LOOK.search(text) and redaction._TELLING_WORD.search(text)
    if looks and not (text.islower() and text.isidentifier()):
        return
    assert [pattern.pattern for pattern, _ in redaction._PATTERNS if pattern.search(text)] == []


@given(st.binary(max_size=12), st.binary(max_size=12), st.binary(max_size=12))
def test_no_sasl_response_is_written_in_small_letters_only(before: bytes, user: bytes, word: bytes) -> None:
    """Words in small letters are passed over unread, so a response must never look like one."""
    for raw in (before + b"\0" + user + b"\0" + word, before + b"auth=Bearer " + word):
        assert not base64.b64encode(raw).decode().islower()
