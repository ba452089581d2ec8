"""What must not be seen is taken out of a text: the secrets that this process has used, and whatever has the
shape of one.

`THIS_PROCESS` knows every secret from the moment it is read (`settings.secrets`) or received
(`oauth.grants`), so that no answer of a server can be shown, kept or logged with one in it: `core.redacted`
has what others wrote go through here where it becomes a failure, a receipt or a step, `observe.logs` what is
logged. Nothing here writes, and nothing here is undone: a false alarm costs a word, a miss costs a password.
"""

import base64
import binascii
import html
import json
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
# A shorter word is not taken for a secret wherever it occurs: "a" would empty every line.
MIN_SECRET = 4
# A shorter one would be found in ordinary words once their blanks and the case of their letters do not count.
MIN_REWRITTEN = 8
# As many live values as rotations of a day can bring; the oldest is forgotten first.
MAX_SECRETS = 256
# Text beyond this is not searched by pattern but dropped: what is shown of a value is far less.
PATTERN_LIMIT = 4096

# The names of what may not be seen.
WORDS = (
    r"pass(?:word|wd|phrase)?|pwd|secret|api_?key|token|device_?code|user_?code|auth_?code|code_?verifier"
    r"|assertion|private_?key|credentials?|cookie"
)
_KEY = rf"(?:{WORDS})"  # wherever it stands: smtp_password, accessToken
_QUOTED = r"\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?"
_MECHANISM = r"(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|NTLM|GSSAPI|[A-Z]+-(?:MD5|SHA-?\d+)(?:-PLUS)?)"
_ARGUMENT = r"(?:\"(?:\\.|[^\"\\])*\"|[^\s\"]+)"
_PATTERNS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # HTTP: the whole of an Authorization header, and a bearer token wherever one stands (RFC 6750).
        (r"(?i)\b((?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+", rf"\1{MASK}"),
        (r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}", rf"\1{MASK}"),
        # SMTP AUTH and IMAP AUTHENTICATE with an initial response (RFC 4954, RFC 4959), but not the list
        # of mechanisms that a server offers; IMAP LOGIN.
        (rf"(?i)\b(auth(?:enticate)?\s+{_MECHANISM}\s+)(?!{_MECHANISM}\b)[A-Za-z0-9+/=]{{4,}}", rf"\1{MASK}"),
        (rf"(?m)(\bLOGIN\s+{_ARGUMENT}\s+)(?!{_MECHANISM}\b){_ARGUMENT}(?=\s*$)", rf"\1{MASK}"),
        # key=value, "key": value, key: "value"; and key: value where the value ends the line, as in YAML
        # (in the middle of a sentence it is prose: "outgoing.password: the file is missing").
        (rf"(?i)({_KEY}[\"']?\s*=>?\s*)(?:{_QUOTED}|[^\s,;&\"'}})\]]+)", rf"\1{MASK}"),
        (rf"(?i)({_KEY}[\"']\s*:\s*)(?:{_QUOTED}|[^\s,;&\"'}})\]]+)", rf"\1{MASK}"),
        (rf"(?i)({_KEY}\s*:\s*)(?:{_QUOTED})", rf"\1{MASK}"),
        (rf"(?im)({_KEY}\s*:[ \t]*)[^\s\"']+(?=[ \t]*\r?$)", rf"\1{MASK}"),
        # An authorisation code in the query of a redirect (RFC 6749 section 4.1.2).
        (r"(?i)([?&](?:code|state|sig)=)[^\s&#\"']+", rf"\1{MASK}"),
        # scheme://user:password@host (RFC 3986 section 3.2.1).
        (r"(?i)\b([a-z][a-z0-9+.-]{0,30}://[^\s/:@]*:)[^\s/@]+(?=@)", rf"\1{MASK}"),
        # PEM private keys (RFC 7468), and JSON web tokens (RFC 7519), which begin with {" in base64.
        (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", MASK),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?", MASK),
    )
)
# What every one of these patterns needs somewhere. Most texts of a log (names, ids, digests, addresses) have
# none of it, and looking once takes a tenth of looking thirteen times: that was half of the loop's time.
_NEEDS_A_LOOK = re.compile(r"[=:\s]|eyJ")
_TELLING_WORD = re.compile(rf"(?i)auth|bearer|login|{WORDS}|[?&](?:code|state|sig)=|://|-----BEGIN|eyJ")
_ENCODED_BYTE = re.compile("%[0-9A-F]{2}")
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{8,}={0,2}")
# How programs write one character: percent-encoded (twice, too), quoted-printable, HTML, with a backslash.
_REWRITTEN = re.compile(
    r"%(?:25)*[0-9A-Fa-f]{2}|=[0-9A-F]{2}|=\r?\n|&#0*\d{1,6};|&#[Xx]0*[0-9A-Fa-f]{1,6};|&(?:amp|lt|gt|quot|apos);"
    r"|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[^\w\s]"
)
_ONE = re.compile(".", re.DOTALL)
_ONE_REWRITTEN = re.compile(f"{_REWRITTEN.pattern}|.", re.DOTALL)
Spans = Callable[[str], Iterable[tuple[int, int]]]


class Redactor:
    """Knows live secrets. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, ...]] = {}
        self._literals: tuple[str, ...] = ()
        self._squeezed: tuple[str, ...] = ()
        self._shortest = sys.maxsize  # of these

    def register(self, value: str) -> None:
        """From now on this value is never shown, nor in base64, in a URL or in JSON, and from MIN_REWRITTEN
        characters on however it is torn and written; shorter than MIN_SECRET it is ignored."""
        if len(value) < MIN_SECRET:
            return
        with self._lock:
            spellings = self._known.pop(value, ())
            self._known[value] = spellings or _spellings(value)
            if len(self._known) > MAX_SECRETS:
                del self._known[next(iter(self._known))]
            every = {spelling for spellings in self._known.values() for spelling in spellings}
            self._literals = tuple(sorted(every, key=len, reverse=True))
            squeezed = {_squeezed(spelling) for spelling in every}
            self._squeezed = tuple(s for s in squeezed if len(s) >= MIN_REWRITTEN)
            self._shortest = min(map(len, self._squeezed), default=sys.maxsize)

    def without_known(self, text: str) -> str:
        """The text without the live secrets."""
        for literal in self._literals:
            if literal in text:
                text = text.replace(literal, MASK)
        return text if len(text) < self._shortest else without_rewritten(text, self._spans)

    def _spans(self, letters: str) -> Iterator[tuple[int, int]]:
        for known in self._squeezed:
            begin = letters.find(known)
            while begin >= 0:
                yield begin, begin + len(known)
                begin = letters.find(known, begin + 1)

    def clean(self, text: str, *, tail: bool = False) -> str:
        """The text without anything secret, of which PATTERN_LIMIT characters are left (`tail`: the last
        ones); it may still hold control characters."""
        text = self.without_known(text)
        if len(text) > PATTERN_LIMIT:
            text = text[-PATTERN_LIMIT:] if tail else text[:PATTERN_LIMIT]
        if text.islower() and text.isidentifier():  # all keys, half of the values: no pattern fits
            return text
        if _NEEDS_A_LOOK.search(text) and _TELLING_WORD.search(text):
            for pattern, mask in _PATTERNS:
                text = pattern.sub(mask, text)
        return _BASE64.sub(_mask_sasl, text)


# A secret is one for the whole process, whichever part of it has read it.
THIS_PROCESS = Redactor()


def without_rewritten(text: str, spans: Spans) -> str:
    """The text without what `spans` finds in its letters alone: small ones, without blanks and what cannot be
    seen between them; and once more where characters that programs wrote in other ways stand for
    themselves."""
    text = _without(text, spans, _squeezed(text), _ONE)
    if _REWRITTEN.search(text):
        text = _without(text, spans, _squeezed(_REWRITTEN.sub(_character, text)), _ONE_REWRITTEN)
    return text


def _without(text: str, spans: Spans, letters: str, pattern: re.Pattern[str]) -> str:
    found = sorted(spans(letters))
    if not found:
        return text
    # Where each letter stands in the text.
    where = [match.span() for match in pattern.finditer(text) for _ in _squeezed(_character(match))]
    kept, end = [], 0
    for first, after in found:
        begin = where[first][0]
        if begin >= end:
            kept += [text[end:begin], MASK]
        end = max(end, where[after - 1][1])
    return "".join([*kept, text[end:]])


def _squeezed(text: str) -> str:
    if text.isprintable():  # blanks alone are to be taken out
        return text.replace(" ", "").lower()
    return "".join(c for c in text if c.isprintable() and c != " ").lower()


def _character(found: re.Match[str]) -> str:
    """What it stands for."""
    text = found[0]
    if len(text) == 1:
        return text
    if text[0] == "&":
        return html.unescape(text)
    if text[0] == "\\" and text[1] not in "xu":
        return text[1]
    if text[-1] == "\n":
        return ""
    return chr(int(text[2:] if text[0] == "\\" else text[-2:], 16))


def _mask_sasl(found: re.Match[str]) -> str:
    """A SASL response that stands alone in a line: PLAIN (RFC 4616) begins with or holds NULs, XOAUTH2 and
    OAUTHBEARER (RFC 7628) hold auth=Bearer between \\x01."""
    if found[0].islower():  # a NUL, and "auth=Bearer" at any alignment, bring a capital: most words have none
        return found[0]
    try:
        text = base64.b64decode(found[0] + "=" * (-len(found[0]) % 4)).decode()
    except (binascii.Error, ValueError):
        return found[0]
    return MASK if text.count("\0") == 2 or "auth=Bearer" in text else found[0]


def _spellings(value: str) -> tuple[str, ...]:
    """How a secret looks on the wires we use. Inside longer base64 it has one of three alignments; the
    characters at the ends depend on its neighbours, so only those between are looked for."""
    raw = value.encode("utf-8", "surrogatepass")
    found = {value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    for encoded in (quote(raw, safe=""), quote_plus(raw)):
        found |= {encoded, _ENCODED_BYTE.sub(lambda byte: byte[0].lower(), encoded)}
    found |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(bytes(offset) + raw).decode().rstrip("=")
            inner = encoded[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6]
            if len(inner) >= 8:
                found.add(inner)
    return tuple(found)
