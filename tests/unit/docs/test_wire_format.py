"""The vectors of docs/wire-format.md are what the code does."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from flexmaild.core import references
from flexmaild.core.model import Approver, Invitation, Request, Terms
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules

PAGE = Path(__file__).resolve().parents[3] / "docs" / "wire-format.md"


def blocks() -> list[Any]:
    parts = PAGE.read_text().split("```yaml\n")[1:]
    return [yaml.safe_load(part.partition("```")[0]) for part in parts]


@pytest.mark.parametrize("vector", blocks()[0], ids=lambda v: repr(v["wrote"]))
def test_what_a_person_wrote_means_what_the_page_says(vector: dict[str, str]) -> None:
    text = vector["wrote"].replace("\n", "\r\n")
    header = "From: a@example.org\r\nTo: b@example.org\r\nContent-Type: text/plain; charset=utf-8\r\n"
    data = f"{header}\r\n{text}\r\n".encode()
    reading = understand(data, len(data), Rules.of("b@example.org"))
    means = reading.answer.value if reading.answer else "undecided"
    assert means == vector["means"]
    assert means == "undecided" or reading.comment == vector["comment"]


def test_the_references_of_the_page_are_issued_and_recognised() -> None:
    page = blocks()[1]
    people = tuple(Approver(address) for address in page["references"])
    expires_at = datetime.fromisoformat(page["expires_at"])
    terms = Terms(page["title"], page["text"], people, expires_at, metadata=page["metadata"])
    identifier = references.written_id(bytes.fromhex(page["request_bytes"]))
    invitations = tuple(Invitation(i, a, expires_at) for i, a in enumerate(people))
    request = Request(identifier, terms, expires_at, invitations=invitations)
    assert request.id == page["id"]
    for invitation in invitations:
        text = page["references"][invitation.approver.address]
        assert references.issue(bytes.fromhex(page["key"]), request, invitation) == text
        parsed = references.parse(text)
        assert parsed is not None
        assert references.is_genuine(bytes.fromhex(page["key"]), parsed, request) == invitation


def test_the_ids_of_the_page_are_made_and_known_as_ours() -> None:
    page = blocks()[2]
    key = bytes.fromhex(page["key"])
    for random, identifier in page["ids"].items():
        assert references.request_id(key, bytes.fromhex(random)) == identifier
        assert references.is_ours((bytes(32), key), identifier)
        assert not references.is_ours((bytes(32),), identifier)
