"""A mail put together from pieces may say less than the one that came: each way of that is noticed."""

from collections.abc import Mapping
from typing import Any

import pytest
from imapclient.response_parser import parse_fetch_response

from flexmaild.transports.imap.completeness import ending, has_ended, is_cut
from flexmaild.transports.imap.structure import HEADER, Section, prune, rebuild, sections

TEXT = '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 9 1 NIL NIL NIL NIL)'
BINARY = '("application" "octet-stream" NIL NIL NIL "base64" 9000000 NIL NIL NIL NIL)'
PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
OCTETS = b"Content-Type: application/octet-stream; name=x.bin\r\n\r\n"
MIXED = b"From: a@mail.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
OF_TWO = {HEADER: MIXED, "1.MIME": PLAIN, "1": b"Approve\r\n", "2.MIME": OCTETS}


def tree(*parts: str, boundary: str = "b", subtype: str = "mixed") -> str:
    return f'({"".join(parts)} "{subtype}" ("boundary" "{boundary}") NIL NIL NIL)'


def doubted(structure: str, pieces: Mapping[str, bytes]) -> bool:
    root = prune(_parsed(structure))
    assert root
    data = rebuild(root, pieces)
    assert data is not None
    return is_cut(root, pieces, data)


def _parsed(structure: str) -> Any:
    line = f"1 (UID 1 BODYSTRUCTURE {structure})".encode()
    return parse_fetch_response([line])[1][b"BODYSTRUCTURE"]


def test_a_text_and_a_file_are_whole() -> None:
    assert not doubted(tree(TEXT, BINARY), OF_TWO)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: text\r\n\r\n",
        b"Content-Type: text /plain\r\n\r\n",
        b"Content-Type: text/plain\r\nContent-Type: application/octet-stream\r\n\r\n",
        b"Content-Type: text/html\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n",
        b"\r\n",
    ],
)
def test_a_file_by_the_server_that_we_would_read_as_text_is_doubt(header: bytes) -> None:
    assert doubted(tree(TEXT, BINARY), {**OF_TWO, "2.MIME": header})


def test_a_boundary_given_twice_of_which_the_server_takes_the_other_is_doubt() -> None:
    head = b"Content-Type: multipart/mixed; boundary=x; boundary=b\r\n\r\n"
    assert doubted(tree(TEXT, BINARY), {**OF_TWO, HEADER: head})


def test_a_boundary_in_a_text_that_only_we_see_is_doubt() -> None:
    assert doubted(tree(TEXT, BINARY), {**OF_TWO, "1": b"Approve\r\n--b \r\n\r\nnot before May\r\n"})


def test_a_part_that_is_a_multipart_for_one_of_the_two_is_doubt() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n"
    assert doubted(tree(TEXT, BINARY), {**OF_TWO, "1.MIME": inner, "1": b"--c\r\n\r\nApprove\r\n--c--\r\n"})
    pieces = {**OF_TWO, "2.MIME": b"\r\n", "2.1.MIME": PLAIN, "2.1": b"not before May\r\n"}
    assert doubted(tree(TEXT, tree(TEXT, boundary="c")), pieces)


@pytest.mark.parametrize(("size", "expected"), [((256 << 10) - 1, False), (256 << 10, True)])
def test_a_text_that_reached_its_limit_is_cut(size: int, expected: bool) -> None:
    text = b"x" * 70 + b"\r\n"
    long = (text * (size // len(text) + 1))[:size]
    assert doubted(TEXT, {HEADER: b"From: a@mail.test\r\n\r\n", "TEXT": long}) is expected
    assert doubted(tree(TEXT, BINARY), {**OF_TWO, "1": long}) is expected


def test_a_log_that_reached_its_limit_is_a_file_and_nothing_is_missing() -> None:
    named = b"Content-Type: text/plain; name=build.log\r\n\r\n"
    pieces = {**OF_TWO, "2.MIME": named, "2": b"x" * (256 << 10)}
    assert not doubted(tree(TEXT, TEXT), pieces)


@pytest.mark.parametrize("name", [HEADER, "1.MIME", "2.MIME"])
def test_a_header_that_reached_its_limit_is_cut(name: str) -> None:
    root = prune(_parsed(tree(TEXT, BINARY)))
    assert root
    (longest,) = [section.longest for section in sections(root) if section.name == name]
    header = OF_TWO[name].removesuffix(b"\r\n") + b"X: " + b"x" * longest
    assert doubted(tree(TEXT, BINARY), {**OF_TWO, name: header[:longest]})


def test_more_texts_than_are_fetched_are_doubt_and_more_files_are_not() -> None:
    texts = {f"{n}.MIME": PLAIN for n in range(1, 18)} | {str(n): b"x\r\n" for n in range(1, 17)}
    assert not doubted(tree(*[TEXT] * 16), {**texts, HEADER: MIXED})
    assert doubted(tree(*[TEXT] * 17), {**texts, HEADER: MIXED})
    files = {f"{n}.MIME": OCTETS for n in range(2, 100)}
    assert not doubted(tree(TEXT, *[BINARY] * 90), {**OF_TWO, **files})
    assert doubted(tree(TEXT, *[BINARY] * 110), {**OF_TWO, **files})


def test_a_text_deeper_than_is_looked_is_doubt() -> None:
    for depth, expected in ((20, False), (21, True)):
        structure, pieces = TEXT, {HEADER: MIXED.replace(b"boundary=b", b"boundary=b0")}
        for level in reversed(range(depth)):
            structure = tree(structure, boundary=f"b{level}")
            path = ".".join("1" * (level + 1))
            inner = f"Content-Type: multipart/mixed; boundary=b{level + 1}\r\n\r\n".encode()
            pieces[f"{path}.MIME"] = PLAIN if level == depth - 1 else inner
        pieces[".".join("1" * depth)] = b"Approve\r\n"
        assert doubted(structure, pieces) is expected


def test_the_end_of_a_mail_is_looked_for_where_its_size_says() -> None:
    root = prune(_parsed(tree(TEXT, BINARY)))
    assert root
    assert ending(root, 1_000_000) == Section("", 8192, 1_000_000 - 4096)
    assert has_ended(root, b"x\r\n--b--\r\n")
    assert has_ended(root, b"x\r\n--b--\r\na list's footer\r\n")
    assert not has_ended(root, b"x\r\n--b\r\nContent-Type: text/pl")
    single = prune(_parsed(TEXT))
    assert single and ending(single, 1_000_000) is None


def test_a_server_that_only_guesses_the_size_causes_no_doubt() -> None:
    root = prune(_parsed(tree(TEXT, BINARY)))
    assert root
    assert has_ended(root, b"")
    assert has_ended(root, b"x" * 8192)
