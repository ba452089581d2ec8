"""A small mail in place of a large one: the same header and the text alone, from Graph's JSON.

For mails over the limit, so that a reply with a large attachment counts without being fetched whole.

Missing here: the text alternative of a mail in HTML, and whether its MIME structure was sound. Exchange keeps
one body and makes its other forms from it; `$value` has no ranges, and its beginning does not show the texts
after the attachments. Exchange turns a text after an attachment into an attachment: where there may be one,
`may_lack_text` says so.
"""

import base64
import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from flexmaild.core.errors import printable

# internetMessageHeaders comes only when asked for by name (Microsoft, "message resource type").
SELECT = "internetMessageHeaders,body"
# The names of attachments; their contents stay on the server.
EXPAND = "attachments($select=name,contentType)"
# Without this Graph removes from the HTML what a browser might run.
PREFER = "outlook.allow-unsafe-html"
# `parse.message` has a lower limit for headers; this keeps a hostile header from filling memory before.
_FIELDS, _FIELD_CHARACTERS = 500, 32 * 1024
_STRUCTURE = frozenset({"content-type", "content-transfer-encoding", "mime-version", "content-disposition"})
_NAME = re.compile(r"[!-9;-~]{1,76}")
# Exchange's name for a part without one: "ATT00001.txt", "ATT00002.htm".
_UNNAMED = re.compile(r"(ATT\d+\.+(txt|html?)|untitled attachment.*)?", re.IGNORECASE)


def rebuilt(mail: Mapping[str, Any]) -> bytes | None:
    """The mail's header and its body as one text part, CRLF line ends; None for a mail without text."""
    body = mail.get("body")
    content, kind = ("", "plain") if not isinstance(body, dict) else _content(body)
    if not content.strip():
        return None
    fields = list(_fields(mail.get("internetMessageHeaders")))
    lines = [f"{name}: {value}" for name, value in fields if name.casefold() not in _STRUCTURE]
    lines += _still_automatic(fields)
    lines += [
        "MIME-Version: 1.0",
        f"Content-Type: text/{kind}; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    ]
    coded = textwrap.wrap(base64.b64encode(content.encode("utf-8", "replace")).decode(), 76)
    return "\r\n".join([*lines, "", *coded, ""]).encode("utf-8", "replace")


def may_lack_text(mail: Mapping[str, Any]) -> bool:
    """Whether a text of the mail may be among its attachments, since one of them has no file name.

    Microsoft, support article 3108205: of a mail of several texts, Exchange makes all but one attachments.
    """
    files = mail.get("attachments")
    return not isinstance(files, list) or any(_may_be_text(one) for one in files)


def _may_be_text(file: object) -> bool:
    if not isinstance(file, dict):
        return True
    is_text = str(file.get("contentType") or "text/plain").casefold().startswith("text/")
    return is_text and _UNNAMED.fullmatch(str(file.get("name") or "").strip()) is not None


def _still_automatic(fields: Iterable[tuple[str, str]]) -> list[str]:
    """A field that keeps a report (RFC 6522) recognisable as automatic, since its structure is lost here."""
    kinds = [value.casefold().lstrip() for name, value in fields if name.casefold() == "content-type"]
    return ["Auto-Submitted: auto-replied"] if any(k.startswith("multipart/report") for k in kinds) else []


def _content(body: Mapping[str, Any]) -> tuple[str, str]:
    kind = "html" if str(body.get("contentType", "")).casefold() == "html" else "plain"
    return str(body.get("content", "")), kind


def _fields(headers: object) -> Iterable[tuple[str, str]]:
    count = 0
    for one in headers if isinstance(headers, list) else ():
        name = str(one.get("name", "")) if isinstance(one, dict) else ""
        if not _NAME.fullmatch(name):
            continue
        count += 1
        if count > _FIELDS:
            return
        yield name, printable(str(one.get("value", ""))[:_FIELD_CHARACTERS])
