"""An error answer of a token endpoint, made into a failure with cause and cure.

Codes decide, never texts: Microsoft rewords its texts without notice. The codes are in `errors.toml`, from
which `docs/errors-oauth.md` is made. Text that is quoted from an answer has its opaque words removed.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flexmaild.core.errors import Reason, TryLater, printable
from flexmaild.core.redacted import redacted, without_known
from flexmaild.system.package_data import read_table


@dataclass(frozen=True, slots=True)
class Meaning:
    """One error. permanent: it lasts until a user or an administrator acts, so a retry soon is of no use."""

    code: str
    name: str
    cause: str
    cure: str
    permanent: bool


def _meanings() -> Mapping[str, Meaning]:
    rows = read_table(__package__, "errors.toml")
    default_cure = rows.pop("default_cure")
    return {
        code: Meaning(code, row["name"], row["cause"], row.get("cure", default_cure), row.get("lasts", True))
        for code, row in rows.items()
    }


# Every known error by its code.
MEANINGS = _meanings()


class OAuthFault(TryLater):
    """No token for now. dead: a user or an administrator must act; until then retries are slow.

    It is `TryLater` in any case: the mail is not at fault, and is sent once the cure was applied.
    """

    def __init__(
        self, reason: Reason, text: str, *, code: str, dead: bool, answer: str = "", cure: str = "",
        server: str = "", step: str = "token", retry_after: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            reason, text, step=step, server=server, answer=answer, cure=cure, retry_after=retry_after
        )
        self.code = without_known(code)  # of the server, where it is none that we know
        self.dead = dead


def meaning(answer: Mapping[str, Any]) -> Meaning:
    """The meaning of an error answer, by its most specific known code."""
    for code in _codes(answer):
        if code in MEANINGS:
            return MEANINGS[code]
    return MEANINGS["unknown"]


def fault(answer: Mapping[str, Any], *, server: str = "", step: str = "token") -> OAuthFault:
    """The error answer of a token endpoint as an `OAuthFault`."""
    codes = list(_codes(answer))
    row = meaning(answer)
    shown = codes[0] if codes else row.code
    said = without_secrets(redacted(str(answer.get("error_description") or answer.get("error") or "")))
    transient = Reason.SERVER if row.code != "AADSTS90055" else Reason.THROTTLED
    return OAuthFault(
        Reason.AUTH if row.permanent else transient,
        f"{shown}: {row.cause}",
        code=shown, dead=row.permanent, answer=said, cure=row.cure, server=server, step=step,
    )  # fmt: skip


def own_fault(code: str, detail: str = "", *, server: str = "", step: str = "token") -> OAuthFault:
    """A fault that flexmaild finds itself, by its row in the table."""
    row = MEANINGS[code]
    text = f"{row.cause}: {detail}" if detail else row.cause
    reason = Reason.AUTH if row.permanent else Reason.SERVER
    return OAuthFault(reason, text, code=code, dead=row.permanent, cure=row.cure, server=server, step=step)


_NUMBER = re.compile(r"\bAADSTS(\d{4,8})\b")


def _codes(answer: Mapping[str, Any]) -> Iterable[str]:
    numbers = answer.get("error_codes")
    for number in numbers if isinstance(numbers, list) else ():
        yield f"AADSTS{number}"
    found = _NUMBER.search(str(answer.get("error_description", "")))
    if found:
        yield found[0]
    for field in ("suberror", "error"):
        if answer.get(field):
            yield str(answer[field])


_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_OPAQUE = re.compile(rf"(?P<uuid>(?<![\w-]){_UUID}(?![\w-]))|[\w\-.~+/=]{{20,}}")


def without_secrets(text: str) -> str:
    """The text with every long opaque word replaced, except UUIDs (trace and correlation ids)."""
    line = printable(text)
    return _OPAQUE.sub(lambda m: m[0] if m["uuid"] or m[0].isalpha() else "…", line)
