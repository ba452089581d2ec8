"""Nothing a person types is lost, wherever they type it: a sentence is put at every place of real replies.

Each reply was made by a mail program (or is of our own corpus) and approves. A sentence is added on a line of
its own above every line, glued behind every line, and glued in front of every quote header: where the reply
still decides, the sentence is in the comment, and where it doubts, nothing is decided. Text and page are
tried apart from each other, so that one cannot cover up for the other.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from flexmaild.core.model import Answer
from flexmaild.core.work import SentMail
from flexmaild.mail.parse.message import read
from flexmaild.mail.parse.plain import plain_lines
from flexmaild.mail.parse.shown import ShownLine
from flexmaild.mail.understand.identification.sender import sender
from flexmaild.mail.understand.labels.label import Labelled, label
from flexmaild.mail.understand.labels.sent import SentText, sent_text
from flexmaild.mail.understand.labels.signatures import Writer
from flexmaild.mail.understand.lines import Label, Line, lines_of
from flexmaild.mail.understand.verdict import decide
from flexmaild.mail.understand.words.rules import Rules
from tests.corpus.build import GUARD, HINT, REQUEST
from tests.replies.collections import clients
from tests.unit.mail.mails import sent

CORPUS = Path(__file__).parents[3] / "corpus"
RULES = Rules.of("approvals@tb.test", "approvals@corp.test", names=("flexmaild",))
HARMLESS = "The rollback plan was read by two of us."
DOUBTING = "not before Tuesday"
# Of the places of one reply, and of the replies of one program, each how-manieth is tried.
EACH_PLACE, MOST_REPLIES = 3, 12

Source = tuple[list[ShownLine], SentText, Writer]


def texts(data: bytes, asked: Sequence[SentMail]) -> Iterator[Source]:
    """The plain text of a reply as lines, what we had sent, and who wrote it."""
    mail = read(data, RULES.limits)
    who = sender(mail.header, RULES.limits)
    known = sent_text(
        tuple(asked),
        RULES.limits,
        RULES.own_addresses,
        any("Content-T" in c for t in mail.texts for _, c in t.segments),
    )
    for text in mail.texts:
        if all(style != "html" for style, _ in text.segments):
            lines = [line for style, content in text.segments for line in plain_lines(content, style)]
            yield lines, known, Writer.of(who.name, who.address)


@cache
def sources() -> dict[str, list[Source]]:
    """By mail program: the replies of it that approve as they are."""
    found: dict[str, list[Source]] = {}
    for case in clients():
        if case.expected == "approve":
            found.setdefault(case.kind, []).extend(texts(case.reply, [SentMail(case.request)]))
    ours = sent(*REQUEST, *(line.format(word) for line in (HINT, GUARD) for word in ("Approve", "Reject")))
    for name in json.loads((CORPUS / "expected.json").read_text(encoding="utf-8")):
        found.setdefault("corpus", []).extend(texts((CORPUS / f"{name}.eml").read_bytes(), [ours]))
    return {
        name: [source for source in some if answered(*source).answer is Answer.APPROVE][:MOST_REPLIES]
        for name, some in found.items()
    }


class Said:
    def __init__(self, labelled: Labelled) -> None:
        decision = decide(labelled, RULES)
        self.answer, self.comment = decision.answer, decision.comment
        self.labelled = labelled


def answered(lines: Sequence[ShownLine], known: SentText, writer: Writer) -> Said:
    return Said(label(lines_of(lines), known, RULES, writer))


def shown(text: str, like: ShownLine | None = None) -> ShownLine:
    return ShownLine(text, text, like.depth if like else 0)


def with_sentence(
    lines: Sequence[ShownLine], sentence: str, first: int
) -> Iterator[tuple[str, list[ShownLine]]]:
    for i in range(first, len(lines) + 1, EACH_PLACE):
        yield f"above line {i}", [*lines[:i], shown(sentence), *lines[i:]]
    for i in range(first, len(lines), EACH_PLACE):
        line = lines[i]
        yield f"behind line {i}", [*lines[:i], shown(f"{line.text} {sentence}", line), *lines[i + 1 :]]
    for i, line in enumerate(lines):
        if line.text.rstrip().endswith(("wrote:", "schrieb:", "writes:")):
            yield f"glued to line {i}", [*lines[:i], shown(f"{sentence}{line.text}", line), *lines[i + 1 :]]


def is_kept(sentence: str, comment: str) -> bool:
    return "".join(sentence.split()) in "".join(comment.replace(">", "").split())


def is_of_request(line: Line) -> bool:
    """A line of the text that was asked, not of the frame around it."""
    return len(line.norm) > 12 and not any(sign in line.text for sign in ("***", "##-", "FM1-"))


def answer_line(lines: Sequence[ShownLine]) -> int:
    """The first line that shows something: above it, another sentence is the first word."""
    return next((i for i, line in enumerate(lines) if line.text.strip()), 0) + 1


@pytest.mark.slow
@pytest.mark.parametrize("program", [*dict.fromkeys(case.kind for case in clients()), "corpus"])
def test_a_sentence_put_anywhere_is_kept_or_nothing_is_decided(program: str) -> None:
    lost = []
    for number, (lines, known, writer) in enumerate(sources().get(program, ())):
        for sentence in (HARMLESS, DOUBTING):
            for place, changed in with_sentence(lines, sentence, answer_line(lines)):
                said = answered(changed, known, writer)
                if said.answer is not None and (sentence is DOUBTING or not is_kept(sentence, said.comment)):
                    lost.append((number, place, sentence, said.comment))
    assert not lost, f"{len(lost)} lost, such as {lost[:5]}"


@pytest.mark.parametrize("program", ["mutt", "s-nail", "claws", "thunderbird", "corpus"])
def test_a_line_of_the_request_typed_once_more_is_kept_or_nothing_is_decided(program: str) -> None:
    lost = []
    for number, (lines, known, writer) in enumerate(sources().get(program, ())[:4]):
        labelled = answered(lines, known, writer).labelled
        ours = [
            line
            for line in labelled.lines
            if line.is_ours and known.most_occurrences(line.norm) == 1 and is_of_request(line)
        ]
        for again in ours[:3]:
            for place, changed in with_sentence(lines, again.bare.strip(), answer_line(lines)):
                if not place.startswith("above"):
                    continue
                said = answered(changed, known, writer)
                if said.answer is not None and not is_kept(again.bare, said.comment):
                    lost.append((number, place, again.bare))
    assert not lost, f"{len(lost)} lost, such as {lost[:5]}"


@pytest.mark.parametrize("program", ["mutt", "nmh", "thunderbird", "claws", "corpus"])
def test_all_lines_in_are_all_lines_labelled(program: str) -> None:
    for lines, known, writer in sources()[program]:
        labelled = answered(lines, known, writer).labelled
        assert len(labelled.lines) == len(lines)
        assert all(
            (line.label is not Label.NONE and line.rule) or line.label is Label.BLANK
            for line in labelled.lines
        )
