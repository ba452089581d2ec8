"""Public reply corpora, read where they lie beside the repository; without them nothing is collected.

Measures what counts for an approval: nothing raises, quoted lines stay out, the first typed line is found,
and nothing decides that no person decided. Prints the scores (`pytest -s`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from flexmaild.core.model import MailNature
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.rules import Rules
from flexmaild.mail.understand.trim import trim

ROOT = Path(__file__).parents[3].parent / "shared" / "corpora"
RULES = Rules.of("approvals@corp.test")
WHOLE_MAILS = sorted(
    p
    for folder in ("mikel-mail/emails", "cpython-test_email")
    for p in (ROOT / folder).rglob("*")
    if p.is_file() and p.suffix in (".eml", ".txt") and not p.name.isupper() and "LICENCE" not in p.name
)
REPLIES = sorted(p for p in ROOT.glob("*email[-_]reply[-_]parser/*/*.txt") if "LICENCE" not in p.name)
KEYS = ("first_fragment_trimmed", "first_fragment", "visible_text", "reply", "reply_trimmed")


def tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def body_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")


def typed(path: Path) -> str:
    return tidy("\n".join(trim([("plain", body_of(path))], RULES).lines))


def fits(got: str, facts: dict[str, object]) -> bool | None:
    """Whether the typed text is what the corpus expects; None where it expects nothing we measure."""
    wanted = [tidy(str(facts[key])) for key in KEYS if key in facts]
    patterns = facts.get("first_fragment_matches_regex", [])
    contained, absent = facts.get("contains", []), facts.get("not_contains", [])
    if not (wanted or patterns or contained or absent):
        return None
    return (
        all(got == text for text in wanted)
        and all(re.search(p.replace("^", "(?m:^)"), got) for p in patterns)  # type: ignore[attr-defined]
        and all(text in got for text in contained)  # type: ignore[attr-defined]
        and not any(text in got for text in absent)  # type: ignore[attr-defined]
    )


if WHOLE_MAILS and REPLIES:

    @pytest.mark.parametrize("path", WHOLE_MAILS, ids=lambda p: p.stem)
    def test_a_public_mail_is_read_without_deciding_anything(path: Path) -> None:
        data = path.read_bytes()
        for version in (
            data,
            data.replace(b"\r\n", b"\n"),
            data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        ):
            assert understand(version, len(version), RULES).answer is None

    @pytest.mark.parametrize("path", REPLIES, ids=lambda p: p.stem)
    def test_a_public_reply_decides_nothing_even_with_our_request_as_its_quote(path: Path) -> None:
        request = (
            "##- Please type your answer above this line -##\n\nApprove or reject?\n\nReference FM1-"
            + "A" * 45
        )
        for body in (body_of(path), f"{typed(path)}\n\n{request}", f"{body_of(path)}\n\n> {request}"):
            head = "From: ann@corp.test\nContent-Type: text/plain; charset=utf-8\n\n"
            data = (head + body).encode()
            reading = understand(data, len(data), RULES)
            assert reading.nature is MailNature.HUMAN
            assert reading.answer is None

    @pytest.mark.parametrize("path", REPLIES, ids=lambda p: p.stem)
    def test_approve_above_a_public_reply_s_quote_is_understood(path: Path) -> None:
        body = body_of(path)
        above = typed(path)
        at = body.find(above) if above else 0
        quote = body[at + len(above) :] if above else body
        decided = trim([("plain", f"Approve\n\n{quote}")], RULES)
        assert decided.lines[0] == "Approve"

    def test_the_typed_text_is_found_in_the_public_replies() -> None:
        scores = []
        for folder in ("crisp-email-reply-parser", "github-zapier-email_reply_parser"):
            expected = json.loads((ROOT / folder / "expected.json").read_text(encoding="utf-8"))
            verdicts = {name: fits(typed(ROOT / folder / name), facts) for name, facts in expected.items()}
            measured = {name: ok for name, ok in verdicts.items() if ok is not None}
            scores.append(sum(measured.values()) / len(measured))
            wrong = [name for name, ok in measured.items() if not ok]
            print(f"\n{folder}: {sum(measured.values())} of {len(measured)}; not as expected: {wrong}")
        assert min(scores) >= 0.9
