"""The outer form of a reply: header, parts, charsets, transfer encodings. Deterministic, CRLF, no surprises
that no mail program makes."""

import base64
import quopri
from collections.abc import Iterable
from email.header import Header
from typing import Any

from tests.layouts.model import Original, chance

CRLF = "\r\n"


def escape(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def word(text: str, charset: str = "utf-8") -> str:
    """A header value, encoded where it must be."""
    return text if text.isascii() else Header(text, charset, maxlinelen=900).encode()


def fitting(text: str, charsets: Iterable[str]) -> str:
    """The first charset that has all letters; programs choose so ("charset follows content")."""
    for charset in charsets:
        try:
            text.encode(charset)
        except UnicodeEncodeError:
            continue
        return charset
    return "utf-8"


LATIN = ("us-ascii", "iso-8859-1", "windows-1252", "utf-8")
JAPANESE = ("us-ascii", "iso-2022-jp", "utf-8")


def part(
    text: str,
    kind: str = "plain",
    charset: str | Iterable[str] = "utf-8",
    encoding: str = "quoted-printable",
    more: str = "",
    lossy: bool = False,
) -> bytes:
    """A text part with its own header. lossy: letters that the charset lacks become question marks."""
    label = charset if isinstance(charset, str) else fitting(text, charset)
    body = text.replace("\r\n", "\n").replace("\n", CRLF).encode(label, "replace" if lossy else "strict")
    if not body.isascii() and encoding in ("", "7bit"):
        encoding = "8bit"
    if encoding == "base64":
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = [f'Content-Type: text/{kind}; charset="{label}"{more}']
    if encoding:
        head.append(f"Content-Transfer-Encoding: {encoding}")
    return CRLF.join([*head, "", ""]).encode() + body + b"\r\n"


def multipart(kind: str, *parts: bytes, mark: str = "", more: str = "", preamble: str = "") -> bytes:
    mark = mark or f"----=_Part_{chance(kind, len(parts), parts[0][-40:])}"
    head = f'Content-Type: multipart/{kind};{CRLF} boundary="{mark}"{more}{CRLF}{CRLF}{preamble}'.encode()
    inner = b"".join(b"--" + mark.encode() + b"\r\n" + each + b"\r\n" for each in parts)
    return head + inner + b"--" + mark.encode() + b"--\r\n"


def alternative(text: str, html: str, mark: str = "", **how: Any) -> bytes:
    """Both parts in one encoding, as nearly every program writes them."""
    return multipart(
        "alternative",
        part(text, **how),
        part(html, "html", **how),
        mark=mark,
    )


def mail(
    original: Original,
    content: bytes,
    *headers: str,
    prefix: str = "Re:",
    threaded: bool = True,
    subject: str = "",
    message_id: str = "<reply-1@client.corp.test>",
) -> bytes:
    """The whole mail around `content`, which brings its own content header."""
    lines = [
        f"Return-Path: <{original.to}>",
        "Received: from mail.corp.test (mail.corp.test [192.0.2.7])",
        "\tby mx.corp.test (Postfix) with ESMTPS id 4F0C1; Fri, 20 Nov 2026 10:20:01 +0000 (UTC)",
        f"From: {word(original.to_name)} <{original.to}>",
        f"To: {word(original.sender_name)} <{original.reply_to}>",
        f"Subject: {word(subject or f'{prefix} {original.subject}')}",
        "Date: Fri, 20 Nov 2026 10:20:00 +0000",
        f"Message-ID: {message_id}",
    ]
    if threaded:
        lines += [f"In-Reply-To: {original.message_id}", f"References: {original.message_id}"]
    lines += [*headers, "MIME-Version: 1.0", ""]
    return CRLF.join(lines).encode() + content
