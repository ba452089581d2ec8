"""Which parts of a large mail are fetched, and that what is put together is the mail with empty files."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from imapclient.response_parser import parse_fetch_response
from imapclient.response_types import BodyData

from flexmaild.transports.imap.completeness import is_cut
from flexmaild.transports.imap.structure import HEADER, Node, beginning, has_text, prune, rebuild, sections


def structure(text: str) -> Any:
    """A BODYSTRUCTURE as IMAPClient parses it."""
    return parse_fetch_response([f"1 (UID 1 BODYSTRUCTURE {text})".encode()])[1][b"BODYSTRUCTURE"]


def text_part(subtype: str = "plain", disposition: str = "NIL") -> str:
    return f'("text" "{subtype}" ("charset" "utf-8") NIL NIL "7bit" 9 1 NIL {disposition} NIL NIL)'


MESSAGE = (
    '("message" "rfc822" NIL NIL NIL "7bit" 5000000 ("d" "s" NIL NIL NIL NIL NIL NIL NIL "<m>") '
    '("text" "plain" NIL NIL NIL "7bit" 1 1) 9 NIL NIL NIL NIL)'
)
PDF = '("application" "pdf" NIL NIL NIL "base64" 9000000 NIL ("attachment" ("filename" "x.pdf")) NIL NIL)'


def multipart(*parts: str, subtype: str = "mixed", boundary: str = "b") -> str:
    return f'({"".join(parts)} "{subtype}" ("boundary" "{boundary}") NIL NIL NIL)'


def names(root: Node | None) -> list[str]:
    assert root
    return [section.name for section in sections(root)]


def test_headers_and_text_of_a_reply_with_an_attachment_are_asked_for() -> None:
    alternatives = multipart(text_part(), text_part("html"), subtype="alternative", boundary="in")
    root = prune(structure(multipart(alternatives, PDF, boundary="out")))
    assert names(root) == [HEADER, "1.MIME", "1.1.MIME", "1.1", "1.2.MIME", "1.2", "2.MIME"]


def test_a_text_that_is_attached_is_a_file_and_not_the_reply() -> None:
    log = text_part(disposition='("attachment" ("filename" "build.log"))')
    assert names(prune(structure(multipart(text_part(), log)))) == [HEADER, "1.MIME", "1", "2.MIME"]


def test_a_mail_of_one_text_is_asked_for_as_such() -> None:
    assert names(prune(structure(text_part()))) == [HEADER, "TEXT"]


def test_the_preamble_of_a_multipart_is_in_the_rebuilt_mail() -> None:
    """A mail whose type names the boundary of an inner part is no multipart from its first line."""
    root = prune(structure(multipart(text_part(), PDF, boundary="in")))
    assert root and beginning(root) and beginning(root) == beginning(Node("", b"in"))
    inner = {HEADER: b"A: b\r\n\r\n", "1.MIME": b"\r\n", "1": b"Approve", "2.MIME": b"\r\n"}
    parts = b"--in\r\n\r\nApprove\r\n--in\r\n\r\n\r\n--in--\r\n"
    outer = b"--out\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n"
    for first, preamble in (
        (b"--in\r\n\r\nApp", b""),
        (outer + b"--in\r\n\r\nApp", outer),
        (b"I do not agree with:\r\n--in\r\n", b"I do not agree with:\r\n"),
        (b"No.\r\n" * 150 + b"No", b"No.\r\n" * 150),
        (b"", b""),
    ):
        assert rebuild(root, inner | {"TEXT": first}) == b"A: b\r\n\r\n" + preamble + parts
    assert rebuild(root, inner) == b"A: b\r\n\r\n" + parts
    assert beginning(Node("")) is None


def test_a_mail_of_one_file_has_no_text() -> None:
    root = prune(structure(PDF))
    assert root and not has_text(root) and names(root) == [HEADER]
    assert rebuild(root, {HEADER: b"Subject: s\r\n\r\n"}) == b"Subject: s\r\n\r\n"


def test_a_bounce_keeps_its_report_and_the_header_of_what_bounced() -> None:
    status = '("message" "delivery-status" NIL NIL NIL "7bit" 300 NIL NIL NIL NIL)'
    root = prune(structure(multipart(text_part(), status, MESSAGE, subtype="report")))
    assert names(root)[-4:] == ["2.MIME", "2", "3.MIME", "3.HEADER"]


def test_a_forwarded_mail_is_not_looked_into() -> None:
    assert names(prune(structure(multipart(text_part(), MESSAGE)))) == [HEADER, "1.MIME", "1", "2.MIME"]


def test_structures_that_cannot_be_used_give_none() -> None:
    """No boundary told: the mail's beginning is read instead."""
    assert prune(structure(f'({text_part()}{PDF} "mixed")')) is None
    assert prune(None) is None
    assert prune(()) is None
    assert prune(b"text") is None
    assert prune((b"text",)) is None


def test_nesting_and_number_of_parts_are_bounded() -> None:
    """What is beyond is not forgotten: the tree tells that something is lost."""
    deep = text_part()
    for _ in range(40):
        deep = multipart(deep)
    root = prune(structure(deep))
    assert root and not has_text(root) and is_lost(root)
    root = prune(structure(multipart(*[text_part()] * 200)))
    asked = names(root)
    assert root and is_lost(root)
    assert len([name for name in asked if name.endswith(".MIME")]) == 99
    assert len([name for name in asked if name[0].isdigit() and not name.endswith(".MIME")]) == 16
    assert len(" ".join(asked)) < 4000


def test_a_part_of_unknown_kind_is_lost() -> None:
    root = prune(([(b"text",)], b"mixed", (b"boundary", b"b")))
    assert root and is_lost(root)


def is_lost(node: Node) -> bool:
    return node.is_lost or any(map(is_lost, node.children))


def test_a_piece_that_the_server_left_out_makes_no_mail() -> None:
    root = prune(structure(multipart(text_part(), PDF)))
    assert root and rebuild(root, {HEADER: b"\r\n", "1": b"x"}) is None


def test_a_text_that_was_cut_ends_with_a_whole_line() -> None:
    root = prune(structure(text_part()))
    assert root
    built = rebuild(root, {HEADER: b"Subject: s\r\n\r\n", "TEXT": b"line\r\n" * 50_000 + b"torn"})
    assert built and built.endswith(b"line\r\n")


@given(
    plain=st.text(st.characters(codec="ascii", exclude_characters="\r\n\0"), max_size=80),
    html=st.booleans(),
    nested=st.booleans(),
    attachments=st.integers(0, 3),
)
def test_the_mail_put_together_reads_as_the_mail_did(
    plain: str, html: bool, nested: bool, attachments: int
) -> None:
    """Header byte for byte, every part in its place, texts whole, files empty, no defect; nothing lost."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["Subject"] = "s"
    mail.set_content(f"x{plain}\n")
    if html:
        mail.add_alternative("<p>x</p>", subtype="html")
    for _ in range(attachments):
        mail.add_attachment(b"\0" * 500, maintype="application", subtype="zip", filename="x.zip")
    if nested and attachments:
        mail.add_attachment("log\n", filename="build.log")
    raw = mail.as_bytes()
    root, pieces, built = _through_a_server(raw)
    assert not is_cut(root, pieces, built)
    before, after = (message_from_bytes(data, policy=policy.SMTP) for data in (raw, built))
    assert built.partition(b"\r\n\r\n")[0] == raw.partition(b"\r\n\r\n")[0]
    assert _texts(after) == _texts(before)
    assert _kinds(after) == _kinds(before)
    assert not any(part.get_content() for part in after.walk() if part.get_filename())
    assert not any(part.defects for part in after.walk() if part.get_content_maintype() == "text")


def _texts(mail: Any) -> list[tuple[str, str]]:
    parts = (p for p in mail.walk() if p.get_content_maintype() == "text" and not p.get_filename())
    return [(p.get_content_type(), p.get_content()) for p in parts]


def _kinds(mail: Any) -> list[str]:
    return [part.get_content_type() for part in mail.walk()]


def _through_a_server(raw: bytes) -> tuple[Node, dict[str, bytes], bytes]:
    """What an IMAP server would tell of this mail, pruned and put together again."""
    mail = message_from_bytes(raw, policy=policy.SMTP)
    root = prune(_told(mail))
    assert root
    pieces: dict[str, bytes] = {}
    _collect(mail, raw, "", pieces)
    built = rebuild(root, pieces)
    assert built is not None
    return root, pieces, built


def _told(part: Any) -> Any:
    if part.is_multipart():
        boundary = part.get_boundary().encode()
        subtype = part.get_content_subtype().encode()
        return BodyData(
            ([_told(p) for p in part.iter_parts()], subtype, (b"BOUNDARY", boundary), None, None, None)
        )
    main, sub = part.get_content_maintype().encode(), part.get_content_subtype().encode()
    disposition = (b"attachment", None) if part.get_content_disposition() == "attachment" else None
    lines = (1,) if main == b"text" else ()
    return (main, sub, None, None, None, b"7bit", 1, *lines, None, disposition, None, None)


def _collect(part: Any, raw: bytes, path: str, pieces: dict[str, bytes]) -> None:
    header, _, body = raw.partition(b"\r\n\r\n")
    pieces[f"{path}.MIME" if path else HEADER] = header + b"\r\n\r\n"
    if not part.is_multipart():
        pieces[path or "TEXT"] = body
        return
    marker = b"\r\n--" + part.get_boundary().encode()
    chunks = (b"\r\n" + body).split(marker)[1:-1]
    for number, (child, chunk) in enumerate(zip(part.iter_parts(), chunks, strict=True), 1):
        _collect(child, chunk.removeprefix(b"\r\n"), f"{path}.{number}" if path else str(number), pieces)
