"""mail.smtp.allow8bitmime: text encoded for 7-bit transport is sent unencoded to a server with 8BITMIME
(RFC 6152).

Changes text parts only, never a header of the mail, an attachment or a signed part.
"""

import email
import email.policy
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO

# RFC 5322 section 2.1.1: octets of a line without its CRLF.
_LONGEST_LINE = 998
_POLICY = email.policy.compat32.clone(linesep="\r\n", max_line_length=0)


def as_8bit(data: bytes) -> bytes:
    """The same mail with quoted-printable and base64 text parts as 8bit; unchanged where there is none."""
    mail = email.message_from_bytes(data, policy=_POLICY)
    if mail.get_content_type() == "multipart/signed":
        return data
    changed = [_decode(part) for part in mail.walk() if part.get_content_maintype() == "text"]
    if not any(changed):
        return data
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, maxheaderlen=0, policy=_POLICY).flatten(mail)
    return out.getvalue()


def _decode(part: Message) -> bool:
    encoding = str(part.get("Content-Transfer-Encoding", "")).lower().strip()
    if encoding not in ("quoted-printable", "base64") or part.get_content_disposition() == "attachment":
        return False
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes) or b"\0" in content:
        return False
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if max(map(len, lines)) > _LONGEST_LINE or any(line.startswith(b"From ") for line in lines):
        return False  # the latter would be ">From " in a mailbox of one file (RFC 2049 section 3)
    part.replace_header("Content-Transfer-Encoding", "8bit")
    part.set_payload(b"\r\n".join(lines).decode("ascii", "surrogateescape"))
    return True
