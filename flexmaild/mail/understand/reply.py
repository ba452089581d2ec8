"""One mail's bytes to a `ParsedReply`, which says everything about it that `core.approval.admission` asks.

Called by the child process the daemon keeps for it, with limits on time and memory, but linear and bounded by
itself. Pure: no I/O, no clock; DNS only through `lookup`. Never raises, whatever the bytes are: what cannot
be understood is a Reading that says so.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from flexmaild.core.addresses import domain_of
from flexmaild.core.model import Answer
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.references import PREFIX
from flexmaild.core.work import MailsSent
from flexmaild.mail.authentication import borders, exchange, kept_header, signatures
from flexmaild.mail.authentication.own_check import Checked, Lookup, checked
from flexmaild.mail.parse.charset import REPLACEMENT
from flexmaild.mail.parse.header import Header, decoded
from flexmaild.mail.parse.html import html_lines
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import Mail, Text, TooMuch, body_of, read, split_header
from flexmaild.mail.parse.message_id import message_id_of
from flexmaild.mail.parse.nesting import TooComplex
from flexmaild.mail.parse.plain import plain_lines
from flexmaild.mail.parse.shown import ShownLine
from flexmaild.mail.understand.alternatives import other_ways, says_otherwise
from flexmaild.mail.understand.contradiction import contradiction
from flexmaild.mail.understand.evidence import Evidence
from flexmaild.mail.understand.identification import addressees, mentions, references
from flexmaild.mail.understand.identification.automatic import nature
from flexmaild.mail.understand.identification.bounce import bounces
from flexmaild.mail.understand.identification.sender import delegate, sender
from flexmaild.mail.understand.labels.label import Labelled, label
from flexmaild.mail.understand.labels.placeholders import without_placeholders
from flexmaild.mail.understand.labels.sent import SentText, sent_text
from flexmaild.mail.understand.labels.signatures import Writer
from flexmaild.mail.understand.lines import Label, Line, composed, letters, lines_of, without_links
from flexmaild.mail.understand.unknown import unknown_lines
from flexmaild.mail.understand.verdict import Decision, decide
from flexmaild.mail.understand.words.doubt import doubts_in, refusing_signs
from flexmaild.mail.understand.words.questions import MARKS
from flexmaild.mail.understand.words.rules import Rules

__all__ = ["Rules", "understand"]

# Alternatives looked at; a mail with more of them wants to be read in several ways.
_MOST_READINGS = 8
# Lines that show something, of all readings of a mail; the page and the text of the longest thread have fewer
# than a quarter of them. What has more is too long to decide, and not looked at line by line.
_MOST_LINES = 20_000
# The fields in which a reference of ours is signed, if they are.
_PLACES = (b"in-reply-to", b"references", b"to", b"cc")


@dataclass(frozen=True, slots=True)
class Answered:
    """What a mail answers, and the lines of the reading that says so (None where no reading has text)."""

    decision: Decision
    labelled: Labelled | None


def understand(
    data: bytes,
    size: int,
    rules: Rules,
    partial: bool = False,
    lookup: Lookup | None = None,
    mails_sent: MailsSent | None = None,
    is_cut: bool = False,
    witness: Evidence | None = None,
) -> ParsedReply:
    """What this mail says. size: bytes on the server. partial: `data` holds only header and text parts.

    lookup: TXT records for our own DKIM check (with rules.verify_dkim); without it the check is left out.
    mails_sent: asked once, with the references found in a person's mail, for what we had sent.
    is_cut: text is missing from `data`, or may be; then it decides nothing.
    witness: is told what the answer was read from.
    """
    digest = hashlib.sha256(data).hexdigest()
    try:
        mail = read(data, rules.limits, partial)
    except TooMuch as fault:
        named = mentions.requests(mentions.in_bytes(data))
        return ParsedReply(digest, size, fault.nature, str(fault), partial=partial, named_requests=named)
    header, limits = mail.header, rules.limits
    who = sender(header, limits)
    kind, because = nature(mail, who.address, rules)
    in_text = references.in_text(text for t in mail.texts for _, text in t.segments)
    in_thread, in_addresses = references.in_thread(header, limits), references.in_addresses(header, limits)
    found = tuple(dict.fromkeys((*in_text, *in_thread, *in_addresses)))
    candidates = mentions.in_mail(mail, split_header(data)[0], limits)
    answered = Answered(Decision(None), None)
    covered = signatures.covered(header, domain_of(who.address)) if who.address else None
    is_otherwise = False
    if kind is MailNature.HUMAN:
        mails = mails_sent(found) if mails_sent is not None and found else None
        sent = sent_text(mails, limits, rules.own_addresses, _quotes_source(mail.texts))
        writer = Writer.of(who.name, who.address)
        answered = _answered(mail, rules, writer, sent, is_cut, witness)
        if answered.decision.answer is not None and covered is not None and rules.may_prove:
            typed = answered.labelled.typed if answered.labelled else ()
            others = other_ways(mail, body_of(data), covered, typed, limits, partial)
            is_otherwise = says_otherwise(
                others,
                mail,
                answered.decision.answer,
                lambda other: _answered(other, rules, writer, sent, is_cut, None).decision,
            )
    decision = answered.decision
    if witness is not None:
        witness.is_signed = header.has(b"dkim-signature")
    trusted = borders.found(header, rules.borders, rules.exchange_online, limits.field)
    verified = Checked()
    if rules.verify_dkim and lookup is not None and not partial and who.address:
        verified = checked(data, header, domain_of(who.address), lookup)
    return ParsedReply(
        sha256=digest,
        size=size,
        nature=kind,
        nature_because=because,
        message_id=message_id_of(header.first(b"message-id")),
        date=decoded(header.first(b"date"), limits)[:100],
        subject=decoded(header.first(b"subject"), limits)[:998],
        sender=who.address,
        sender_name=who.name,
        sender_fault=who.fault,
        from_fields=who.from_fields,
        delegate=delegate(header, who.address, limits),
        body_references=in_text,
        thread_references=in_thread,
        address_references=in_addresses,
        answer=decision.answer,
        unclear=decision.unclear,
        comment=decision.comment,
        bounces=bounces(mail, data, limits) if kind is MailNature.BOUNCE else (),
        auth_results=trusted.results,
        auth_faults=trusted.faults,
        auth_fields=borders.summary(trusted),
        kept_header=kept_header.kept(header),
        reference_is_open=not any(map(references.is_whole, in_text))
        and _is_place_open(header, covered, limits),
        reads_otherwise=is_otherwise,
        signed_as=signatures.digests(header, domain_of(who.address)) if who.address else (),
        internal=rules.exchange_online and exchange.is_internal(header, who.address, rules.own_domains),
        redirected=addressees.is_redirected(header, rules),
        misdirected=addressees.is_misdirected(header, rules),
        addressed=addressees.addressed(header, rules, domain_of(who.address)),
        dkim_domains=verified.domains,
        is_strict=verified.is_strict,
        partial=partial,
        language=decision.language,
        unknown_lines=unknown_lines(answered.labelled, rules) if answered.labelled else (),
        sentence=decision.sentence,
        unclear_word=decision.word,
        claimed=who.claimed,
        via=who.via,
        hidden_references=mentions.references(candidates, found),
        named_requests=mentions.requests((*_letters_of(found), *candidates)),
        answered_jobs=mentions.answered_jobs(header.all(b"in-reply-to")),
        text_digest=_typed_digest(answered.labelled),
    )


def _is_place_open(header: Header, covered: Collection[bytes] | None, limits: Limits) -> bool:
    """Whether no signed field has a reference of ours, so that who has the mail can say what it answers."""
    if covered is None:
        return False
    signed = replace(header, fields={n: header.all(n) for n in _PLACES if n in covered})
    found = (*references.in_thread(signed, limits), *references.in_addresses(signed, limits))
    return not any(map(references.is_whole, found))


def _letters_of(found: Iterable[str]) -> Iterator[bytes]:
    """The references of the places where we write them, before all others that a mail may be full of."""
    return (text.removeprefix(PREFIX).lower().encode("ascii", "ignore") for text in found)


def _typed_digest(labelled: Labelled | None) -> str:
    """Of the words alone: a second delivery, or another wrapping, is the same text."""
    words = " ".join(word for line in (labelled.typed if labelled else ()) for word in line.split())
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()


def _answered(
    mail: Mail, rules: Rules, writer: Writer, sent: SentText, is_cut: bool, witness: Evidence | None
) -> Answered:
    """What a person's mail answers; nothing where it is too long, or an answer to somebody else's mail."""
    try:
        answered = _agreed(mail, rules, writer, sent, is_cut, witness)
    except TooComplex:
        answered = Answered(Decision(None, "too_long"), None)
    if addressees.answers_another(mail.header, rules):
        return Answered(Decision(None, "other_mail"), answered.labelled)
    return answered


def _agreed(
    mail: Mail, rules: Rules, writer: Writer, sent: SentText, is_cut: bool, witness: Evidence | None
) -> Answered:
    """The answer on which every reading of an unambiguous mail agrees. Raises TooComplex."""
    first: Answered | None = None
    is_ambiguous = bool(mail.header.faults or mail.root.faults) or _faulty(mail.texts)
    is_damaged = any(text.is_damaged for text in mail.texts)
    subject = decoded(mail.header.first(b"subject"), rules.limits)
    for lines, sure, of in _readings(without_placeholders(mail.texts, subject, rules)):
        labelled = label(lines, sent, rules, writer)
        decision = decide(labelled, rules)
        if witness is not None:
            witness.saw(of, labelled, decision)
        if not sure and not any(map(str.strip, labelled.typed)):
            continue
        is_ambiguous = is_ambiguous or (is_damaged and _has_lost_letters(labelled))
        if first is not None and decision.answer is not first.decision.answer:
            return Answered(Decision(None, "parts_disagree", language=first.decision.language), labelled)
        first = first or Answered(decision, labelled)
    if first is None:
        return Answered(Decision(None, "empty"), None)
    answer, of_first = first.decision.answer, first.labelled
    if answer is None:
        return first
    if is_cut or _is_cut(mail.texts):
        unclear = "too_long"
    elif is_ambiguous:
        unclear = "ambiguous"
    elif sent.subjects and _subject_doubts(subject, sent, answer, rules):
        unclear = "condition"
    elif not sent.is_known and of_first is not None and of_first.has_quote:
        unclear = "words_unknown"
    else:
        return first
    return Answered(Decision(None, unclear, language=first.decision.language), of_first)


def _subject_doubts(subject: str, sent: SentText, answer: Answer, rules: Rules) -> bool:
    """Whether what was added to our subject doubts, asks, or says the opposite."""
    added = sent.added_to_subject(subject)
    ours = "".join(sent.subjects)
    asks = subject.rstrip().endswith(tuple(MARKS)) and "?" not in ours and ours.isascii()
    return bool(
        asks
        or doubts_in(added)
        or refusing_signs(subject) - sent.signs
        or (answer is Answer.APPROVE and contradiction(answer, added, rules.vocabulary))
    )


def _has_lost_letters(labelled: Labelled) -> bool:
    """Whether a byte that could not be read stands where a person typed; elsewhere it does not matter."""
    return any(
        REPLACEMENT in line.text and not line.depth and (line.label is Label.TYPED or line.typed is not None)
        for line in labelled.lines
    )


def _quotes_source(texts: Sequence[Text]) -> bool:
    return any("Content-T" in content for text in texts for _, content in text.segments)


def _is_cut(texts: Sequence[Text]) -> bool:
    return len(texts) > _MOST_READINGS or any(text.is_cut for text in texts)


def _faulty(texts: Sequence[Text]) -> bool:
    return any(text.faults for text in texts)


def _readings(texts: Sequence[Text]) -> Iterator[tuple[list[Line], bool, str]]:
    """The lines of every way in which this mail may be seen, True with those that certainly are, and of what
    they are. Raises TooComplex where there are too many."""
    some = texts[:_MOST_READINGS]
    shown = {i: _shown(text) for i, text in enumerate(some) if _has_page(text)}
    others = {i: _visible(text) for i, text in enumerate(some) if i not in shown}
    count = sum(map(_count, shown.values())) + sum(map(_count_visible, others.values()))
    if count > _MOST_LINES:
        raise TooComplex("more lines than a person's mail has")
    pages = {i: lines_of(lines) for i, lines in shown.items()}
    said = {"".join([line.norm for line in lines]) for lines in pages.values()}
    for i, text in enumerate(some):
        # Some programs write a text part without line ends: the lines of the page are the person's.
        if i in pages:
            yield pages[i], False, "page"
            if _is_unsure(shown[i]):
                yield lines_of(shown[i], sure=True), True, "page, what is certainly visible"
        elif not said or _letters(others[i]) not in said:
            yield lines_of(_shown(text)), False, "text"


def _has_page(text: Text) -> bool:
    return any(style == "html" for style, _ in text.segments)


def _shown(text: Text) -> list[ShownLine]:
    lines: list[ShownLine] = []
    for style, content in text.segments:
        lines += html_lines(content) if style == "html" else plain_lines(content, style)
    return lines


def _visible(text: Text) -> list[str]:
    """The lines of a text without a page, as they are seen; mostly nothing else of them is needed, for they
    say the same as a page. All of them are certainly visible."""
    lines: list[str] = []
    for style, content in text.segments:
        lines += content.split("\n") if style == "plain" else [x.text for x in plain_lines(content, style)]
    return lines


def _is_unsure(shown: Iterable[ShownLine]) -> bool:
    return any(line.sure != line.text for line in shown)


def _count(shown: Sequence[ShownLine]) -> int:
    """The lines that are labelled of this text: twice, where not all of it is certainly visible."""
    count = _count_visible(line.text for line in shown)
    return 2 * count if _is_unsure(shown) else count


def _count_visible(lines: Iterable[str]) -> int:
    return sum(not line.isspace() for line in lines if line)


def _letters(lines: Iterable[str]) -> str:
    """Those of all lines at once; no word goes over the end of a line."""
    return letters("\n".join([without_links(composed(line)) for line in lines]))
