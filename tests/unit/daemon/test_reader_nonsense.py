"""A reading child that lies: what it says about another mail, or in no form of ours, is not believed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flexmaild.core.model import MailNature
from flexmaild.daemon.reader import Letter, Reader
from flexmaild.mail.understand.rules import Rules

CHILD = """#!{python}
import json, socket, struct, sys
line = socket.socket(fileno=int(sys.argv[-1]))
def receive():
    (length,) = struct.unpack("!I", line.recv(4, socket.MSG_WAITALL))
    return line.recv(length, socket.MSG_WAITALL)
def send(data):
    line.sendall(struct.pack("!I", len(data)) + data)
receive()
send(b"ready")
while True:
    receive()
    send({answer!r})
"""
OTHERS = b'R{"sha256": "%s", "size": 1, "nature": "human", "answer": "approve"}' % (b"0" * 64)


@pytest.mark.parametrize(
    "answer", [OTHERS, b"", b"R", OTHERS[1:], b"R{}", b"R[1]", b"R\xff\x00", b'R{"sha256": "\\ud800"}']
)
def test_an_answer_that_is_not_about_this_mail_makes_it_unparsable(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path / "child"
    child.write_text(CHILD.format(python=sys.executable, answer=answer))
    child.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(child))
    deaths: list[str] = []
    reader = Reader(Rules.of("approvals@corp.test"), deaths.append, lambda references: None)
    try:
        (reading,) = reader.read([Letter(b"From: a@b.test\n\nApprove\n", 24)])
    finally:
        reader.close()
    assert (reading.nature, reading.answer) == (MailNature.UNPARSABLE, None)
    assert len(deaths) == 2  # it is tried once more alone
