"""The front room: one mail's bytes to a `Reading`, which says everything about it that `core.admission` asks.

Called by the child process the daemon keeps for it, with limits on time and memory, but linear and bounded by
itself. Pure: no I/O, no clock; DNS only through `lookup`. Never raises, whatever the bytes are: what cannot
be understood is a Reading that says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from flexmaild.core.model import MailNature, Reading
from flexmaild.mail.parse.header import decoded
from flexmaild.mail.parse.html import head_of, tail_of, visible
from flexmaild.mail.parse.message import Mail, Text, TooMuch, read
from flexmaild.mail.understand import references
from flexmaild.mail.understand.authentication_results import Lookup, auth_results, dkim_domains, is_internal
from flexmaild.mail.understand.automatic import nature
from flexmaild.mail.understand.bounce import bounces
from flexmaild.mail.understand.notices import Writer
from flexmaild.mail.understand.rules import Rules
from flexmaild.mail.understand.sender import delegate, sender
from flexmaild.mail.understand.sent import MailsSent
from flexmaild.mail.understand.trim import Typed, trim
from flexmaild.mail.understand.verdict import Decision, decide

__all__ = ["Rules", "understand"]

# Alternatives looked at; a mail with more of them wants to be read in several ways.
_MOST_READINGS = 8
# Of a page, the lines rendered at first, then next: an answer with its comment is rarely longer.
_FIRST_LINES = (8, 40)


def understand(
    data: bytes,
    size: int,
    rules: Rules,
    partial: bool = False,
    lookup: Lookup | None = None,
    mails_sent: MailsSent | None = None,
) -> Reading:
    """What this mail says. size: bytes on the server. partial: `data` holds only header and text parts.

    lookup: TXT records for our own DKIM check (with rules.verify_dkim); without it the check is left out.
    mails_sent: asked once, with the references found in a person's mail, for what we had sent.
    """
    digest = hashlib.sha256(data).hexdigest()
    try:
        mail = read(data, rules.limits, partial)
    except TooMuch as fault:
        return Reading(digest, size, fault.nature, str(fault), partial=partial)
    header, limits = mail.header, rules.limits
    who = sender(header, limits)
    kind, because = nature(mail, who.address, rules)
    writer = Writer.of(who.name, who.address)
    in_text = references.in_text(text for t in mail.texts for _, text in t.segments)
    in_thread, in_addresses = references.in_thread(header, limits), references.in_addresses(header, limits)
    if kind is MailNature.HUMAN and mails_sent is not None:
        mails_sent(tuple(dict.fromkeys((*in_text, *in_thread, *in_addresses))))
    decision = _decision(mail, rules, writer) if kind is MailNature.HUMAN else Decision(None)
    can_verify = rules.verify_dkim and lookup is not None and not partial and header.has(b"dkim-signature")
    return Reading(
        sha256=digest,
        size=size,
        nature=kind,
        nature_because=because,
        message_id=decoded(header.first(b"message-id"), limits)[:998],
        date=decoded(header.first(b"date"), limits)[:100],
        subject=decoded(header.first(b"subject"), limits)[:998],
        sender=who.address,
        sender_name=who.name,
        sender_fault=who.fault,
        delegate=delegate(header, who.address, limits),
        body_references=in_text,
        thread_references=in_thread,
        address_references=in_addresses,
        answer=decision.answer,
        unclear=decision.unclear,
        comment=decision.comment,
        bounces=bounces(mail, data, limits) if kind is MailNature.BOUNCE else (),
        auth_results=auth_results(header, rules),
        internal=is_internal(header, rules),
        dkim_domains=dkim_domains(data, header, lookup) if can_verify and lookup else (),
        partial=partial,
        language=decision.language,
    )


def _decision(mail: Mail, rules: Rules, writer: Writer) -> Decision:
    """The answer on which every reading of an unambiguous mail agrees."""
    first: Decision | None = None
    seen: Typed | None = None
    for text in mail.texts[:_MOST_READINGS]:
        for typed in _ways(text, rules, writer):
            if not any(line.strip() for line in typed.lines):
                continue
            if typed == seen:
                continue
            seen, decision = typed, decide(typed, rules)
            if first is not None and decision.answer is not first.answer:
                return Decision(None, "parts_disagree", language=first.language)
            first = first or decision
    if first is None:
        return Decision(None, "empty")
    if first.answer is not None and (mail.header.faults or mail.root.faults or _faulty(mail.texts)):
        return Decision(None, "ambiguous", language=first.language)
    return first


def _faulty(texts: Sequence[Text]) -> bool:
    return len(texts) > _MOST_READINGS or any(text.faults for text in texts)


def _ways(text: Text, rules: Rules, writer: Writer) -> list[Typed]:
    """What was typed, once for every way this text may look on a screen.

    A page of HTML is rendered only until its quote begins, and from where it ends; the whole of it if nothing
    was typed above that.
    """
    if all(style != "html" for style, _ in text.segments):
        return [trim(text.segments, rules, writer)]
    for most in _FIRST_LINES:
        ways = [trim(segments, rules, writer) for segments in _rendered(text, head_of, most)]
        if all(typed.cut and any(line.strip() for line in typed.lines) for typed in ways):
            return [_with_tail(typed, text, rules, writer) for typed in ways]
    return [trim(segments, rules, writer) for segments in _rendered(text, str, rules.limits.lines)]


def _with_tail(typed: Typed, text: Text, rules: Rules, writer: Writer) -> Typed:
    """With what was typed beneath the quoted mail, which may contradict what stands above it."""
    tails = [tail_of(page) for style, page in text.segments if style == "html"]
    shown = "\n".join(visible(tails[-1], _FIRST_LINES[-1])[0] for _ in tails[-1:])
    if not shown.strip():
        return typed
    # A line above, so that a name or a closing at once below the quote is known for a signature.
    below = trim([("plain", f"> \n{shown}")], rules, writer).lines
    return replace(typed, afterthought=(*typed.afterthought, *below))


def _rendered(text: Text, page_of: Callable[[str], str], most_lines: int) -> list[list[tuple[str, str]]]:
    """The text's segments with the HTML as seen: with and, if need be, without what may be hidden."""
    shown: list[list[tuple[str, str]]] = []
    for style, content in text.segments:
        if style == "html":
            shown.append([("plain", view) for view in visible(page_of(content), most_lines)])
        else:
            shown.append([(style, content)])
    return [[views[min(rank, len(views) - 1)] for views in shown] for rank in range(max(map(len, shown)))]
