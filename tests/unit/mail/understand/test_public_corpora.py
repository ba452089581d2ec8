"""Public reply corpora, read where they lie beside the repository; without them nothing is collected.

What counts for an approval: nothing raises, nothing decides that no person decided, no line is lost, and
"Approve" typed above any of it is found.
"""

from pathlib import Path

import pytest

from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.plain import plain_lines
from flexmaild.mail.understand.labels.label import Labelled, label
from flexmaild.mail.understand.labels.sent import SentText, sent_text
from flexmaild.mail.understand.labels.signatures import Writer
from flexmaild.mail.understand.lines import Label, lines_of
from flexmaild.mail.understand.reply import understand
from tests.unit.mail.mails import REQUEST, RULES, SENT, mail

ROOT = Path(__file__).parents[5] / "shared" / "corpora"
WHOLE_MAILS = sorted(
    p
    for folder in ("mikel-mail/emails", "cpython-test_email")
    for p in (ROOT / folder).rglob("*")
    if p.is_file() and p.suffix in (".eml", ".txt") and not p.name.isupper() and "LICENCE" not in p.name
)
REPLIES = sorted(
    p
    for p in ROOT.glob("*email[-_]reply[-_]parser/*/*.txt")
    if "LICENCE" not in p.name and p.name != "SOURCE.txt"
)
WRITER = Writer.of("Ann", "ann@corp.test")
REPLY_TO = "In-Reply-To: <FM1-ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLM.approval_request.0@corp.test>"


def body_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")


def known(is_known: bool = True) -> SentText:
    return sent_text((SENT,) if is_known else None, Limits(), RULES.own_addresses)


def labelled(text: str, is_known: bool = True) -> Labelled:
    return label(lines_of(plain_lines(text, "plain")), known(is_known), RULES, WRITER)


def reading(text: str, is_known: bool = True) -> ParsedReply:
    data = mail(REPLY_TO, body=text)
    return understand(data, len(data), RULES, mails_sent=lambda _: (SENT,) if is_known else None)


if WHOLE_MAILS and REPLIES:

    @pytest.mark.parametrize("path", WHOLE_MAILS, ids=lambda p: p.stem)
    def test_a_public_mail_is_read_without_deciding_anything(path: Path) -> None:
        data = path.read_bytes()
        unix = data.replace(b"\r\n", b"\n")
        for version in (data, unix, unix.replace(b"\n", b"\r\n")):
            for sent in ((SENT,), None):
                said = understand(version, len(version), RULES, mails_sent=lambda _, sent=sent: sent)
                assert said.answer is None

    @pytest.mark.parametrize("path", REPLIES, ids=lambda p: p.stem)
    def test_a_public_reply_decides_nothing_even_with_our_request_as_its_quote(path: Path) -> None:
        body = body_of(path)
        marked = "\n".join(f"> {line}" for line in REQUEST)
        for text in (body, f"{body}\n\n" + "\n".join(REQUEST), f"{body}\n\n{marked}"):
            for is_known in (True, False):
                said = reading(text, is_known)
                assert said.nature is MailNature.HUMAN
                assert said.answer is None

    @pytest.mark.parametrize("path", REPLIES, ids=lambda p: p.stem)
    def test_approve_above_a_public_reply_is_found(path: Path) -> None:
        body = body_of(path)[: Limits().text]
        for text in (body, "\n".join(f"> {line}" for line in body.split("\n"))):
            found = labelled(f"Approve\n\n{text}")
            assert found.lines[0].label is Label.TYPED
            assert found.above[0] == "Approve"
            assert reading(f"Approve\n\n{text}").unclear not in ("no_action_word", "empty", "between")

    @pytest.mark.parametrize("path", REPLIES, ids=lambda p: p.stem)
    def test_all_lines_of_a_public_reply_are_labelled_and_no_unmarked_one_is_taken_for_ours(
        path: Path,
    ) -> None:
        """We sent none of it. A line marked as quoted may have words of ours; it is then doubt at most."""
        body = body_of(path)[: Limits().text]
        for is_known in (True, False):
            found = labelled(body, is_known)
            assert len(found.lines) == len(plain_lines(body, "plain"))
            assert all(line.label and (line.rule or line.label is Label.BLANK) for line in found.lines)
            assert not [line.text for line in found.lines if line.label is Label.OURS and not line.depth]
