"""One mail's bytes to a `ParsedReply`, which holds everything about it that `core.approval.admission` asks.

Called by the daemon's child process, with limits on time and memory, but linear and bounded by itself. Pure:
no I/O, no clock; DNS only through `lookup`. Never raises, whatever the bytes are: the result says what could
not be understood.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from flexmaild.core.addresses import domain_of
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.references import PREFIX
from flexmaild.core.work import MailsSent
from flexmaild.mail.authentication import borders, kept_header, signatures
from flexmaild.mail.authentication.own_check import Lookup, VerifiedSignatures, verify_signatures
from flexmaild.mail.parse.header import Header, decoded
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.parse.message import Mail, TooMuch, body_of, read, split_header
from flexmaild.mail.parse.message_id import message_id_of
from flexmaild.mail.understand.alternatives import other_readings, reads_differently
from flexmaild.mail.understand.answer import AnswerContext, Understood, answer_of
from flexmaild.mail.understand.evidence import Evidence
from flexmaild.mail.understand.identification import addressees, mentions, references
from flexmaild.mail.understand.identification.automatic import nature
from flexmaild.mail.understand.identification.bounce import bounces
from flexmaild.mail.understand.identification.sender import Sender, delegate, sender
from flexmaild.mail.understand.labels.label import Labelled
from flexmaild.mail.understand.labels.sent import sent_text
from flexmaild.mail.understand.labels.signatures import Writer
from flexmaild.mail.understand.unknown import unknown_lines
from flexmaild.mail.understand.verdict import Decision
from flexmaild.mail.understand.words.rules import Rules

__all__ = ["Rules", "understand"]

# The fields in which a signature may cover our reference.
_REFERENCE_FIELDS = (b"in-reply-to", b"references", b"to", b"cc")


@dataclass(frozen=True, slots=True)
class _Incoming:
    """A mail as each step needs it. domain: of its sender, empty without one. signed: the header fields that
    a signature of that domain covers; None without such a signature. partial: as of `understand`."""

    data: bytes
    mail: Mail
    rules: Rules
    sender: Sender
    domain: str
    signed: Collection[bytes] | None
    partial: bool

    @property
    def header(self) -> Header:
        return self.mail.header


@dataclass(frozen=True, slots=True)
class _References:
    """Our references in a mail, by the place where they stand."""

    text: tuple[str, ...]
    thread: tuple[str, ...]
    addresses: tuple[str, ...]

    @property
    def every(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.text, *self.thread, *self.addresses)))


def understand(
    data: bytes,
    size: int,
    rules: Rules,
    partial: bool = False,
    lookup: Lookup | None = None,
    mails_sent: MailsSent | None = None,
    is_cut: bool = False,
    evidence: Evidence | None = None,
) -> ParsedReply:
    """What this mail says. size: bytes on the server. partial: `data` holds only header and text parts.

    lookup: TXT records for our own DKIM check (with rules.verify_dkim); without it the check is left out.
    mails_sent: asked once, with the references found in a person's mail, for what we had sent.
    is_cut: text is missing from `data`, or may be; then it decides nothing.
    evidence: records what the answer was read from.
    """
    digest = hashlib.sha256(data).hexdigest()
    try:
        mail = read(data, rules.limits, partial)
    except TooMuch as fault:
        named = mentions.requests(mentions.candidates_in_bytes(data))
        return ParsedReply(digest, size, fault.nature, str(fault), partial=partial, named_requests=named)
    incoming = _incoming(data, mail, rules, partial)
    kind, because = nature(mail, incoming.sender.address, rules)
    found = _references(mail, rules.limits)
    understood, reads_otherwise = Understood(Decision(None)), False
    if kind is MailNature.HUMAN:
        context = _answer_context(incoming, found, mails_sent, is_cut)
        understood = answer_of(mail, context, evidence)
        reads_otherwise = _reads_otherwise(incoming, understood, context)
    if evidence is not None:
        evidence.is_signed = mail.header.has(b"dkim-signature")
    described = _described(incoming, found, digest, size, kind, because)
    return _with_findings(described, incoming, lookup, understood, reads_otherwise=reads_otherwise)


def _incoming(data: bytes, mail: Mail, rules: Rules, partial: bool) -> _Incoming:
    who = sender(mail.header, rules.limits)
    domain = domain_of(who.address) if who.address else ""
    signed = signatures.covered_fields(mail.header, domain) if who.address else None
    return _Incoming(data, mail, rules, who, domain, signed, partial)


def _references(mail: Mail, limits: Limits) -> _References:
    return _References(
        references.in_text(text for t in mail.texts for _, text in t.segments),
        references.in_thread(mail.header, limits),
        references.in_addresses(mail.header, limits),
    )


def _answer_context(
    incoming: _Incoming, found: _References, mails_sent: MailsSent | None, is_cut: bool
) -> AnswerContext:
    """With what we had sent before this mail, as far as it is known."""
    texts, rules = incoming.mail.texts, incoming.rules
    mails = mails_sent(found.every) if mails_sent is not None and found.every else None
    quotes_source = any("Content-T" in content for text in texts for _, content in text.segments)
    sent = sent_text(mails, rules.limits, rules.own_addresses, quotes_source)
    return AnswerContext(rules, Writer.of(incoming.sender.name, incoming.sender.address), sent, is_cut)


def _reads_otherwise(incoming: _Incoming, understood: Understood, context: AnswerContext) -> bool:
    """Whether the signature leaves open how the text is read, and it says something else read so."""
    answer, labelled, mail = understood.decision.answer, understood.labelled, incoming.mail
    if answer is None or incoming.signed is None or not incoming.rules.may_prove:
        return False
    others = other_readings(
        mail,
        body_of(incoming.data),
        incoming.signed,
        labelled.typed if labelled else (),
        incoming.rules.limits,
        incoming.partial,
    )
    return reads_differently(others, mail, answer, lambda other: answer_of(other, context).decision)


def _described(
    incoming: _Incoming, found: _References, digest: str, size: int, kind: MailNature, because: str
) -> ParsedReply:
    """What header and text say of the mail: its sender, its references, its addressees."""
    mail, header, rules, who = incoming.mail, incoming.header, incoming.rules, incoming.sender
    limits = rules.limits
    candidates = mentions.candidates_in_mail(mail, split_header(incoming.data)[0], limits)
    return ParsedReply(
        digest,
        size,
        kind,
        because,
        message_id=message_id_of(header.first(b"message-id")),
        date=decoded(header.first(b"date"), limits)[:100],
        subject=decoded(header.first(b"subject"), limits)[:998],
        sender=who.address,
        sender_name=who.name,
        sender_fault=who.fault,
        from_fields=who.from_fields,
        delegate=delegate(header, who.address, limits),
        claimed=who.claimed,
        via=who.via,
        body_references=found.text,
        thread_references=found.thread,
        address_references=found.addresses,
        hidden_references=mentions.references(candidates, found.every),
        named_requests=mentions.requests((*_letters_of(found.every), *candidates)),
        answered_jobs=mentions.answered_jobs(header.all(b"in-reply-to")),
        bounces=bounces(mail, incoming.data, limits) if kind is MailNature.BOUNCE else (),
        redirected=addressees.is_redirected(header, rules),
        misdirected=addressees.is_misdirected(header, rules),
        addressed=addressees.addressed(header, rules, incoming.domain),
        reference_is_open=not any(map(references.is_whole, found.text)) and _is_reference_open(incoming),
        partial=incoming.partial,
    )


def _with_findings(
    reply: ParsedReply,
    incoming: _Incoming,
    lookup: Lookup | None,
    understood: Understood,
    *,
    reads_otherwise: bool,
) -> ParsedReply:
    """With its answer, and with what authenticates its sender or speaks against the mail."""
    header, rules, address = incoming.header, incoming.rules, incoming.sender.address
    decision, labelled = understood.decision, understood.labelled
    trusted = borders.trusted_results(header, rules.borders, rules.exchange_online, rules.limits.field)
    verified = _verified(incoming, lookup)
    return replace(
        reply,
        answer=decision.answer,
        unclear=decision.unclear,
        comment=decision.comment,
        language=decision.language,
        sentence=decision.sentence,
        unclear_word=decision.word,
        unknown_lines=unknown_lines(labelled, rules) if labelled else (),
        text_digest=_typed_digest(labelled),
        reads_otherwise=reads_otherwise,
        auth_results=trusted.results,
        auth_faults=trusted.faults,
        auth_fields=borders.summary(trusted),
        kept_header=kept_header.stored_header(header),
        signed_as=signatures.digests(header, incoming.domain) if address else (),
        internal=rules.exchange_online and borders.is_internal(header, address, rules.own_domains),
        dkim_domains=verified.domains,
        is_strict=verified.is_strict,
    )


def _verified(incoming: _Incoming, lookup: Lookup | None) -> VerifiedSignatures:
    """What our own check of the signatures finds, where it is wanted and possible."""
    is_wanted = incoming.rules.verify_dkim and not incoming.partial and bool(incoming.sender.address)
    if lookup is None or not is_wanted:
        return VerifiedSignatures()
    return verify_signatures(incoming.data, incoming.header, incoming.domain, lookup)


def _is_reference_open(incoming: _Incoming) -> bool:
    """Whether no signed field holds a reference of ours: then the sender has not signed what it answers."""
    if incoming.signed is None:
        return False
    header, limits = incoming.header, incoming.rules.limits
    fields = {name: header.all(name) for name in _REFERENCE_FIELDS if name in incoming.signed}
    signed = replace(header, fields=fields)
    found = (*references.in_thread(signed, limits), *references.in_addresses(signed, limits))
    return not any(map(references.is_whole, found))


def _letters_of(found: Iterable[str]) -> Iterator[bytes]:
    """The references of the places where we write them, before all others that a mail may be full of."""
    return (text.removeprefix(PREFIX).lower().encode("ascii", "ignore") for text in found)


def _typed_digest(labelled: Labelled | None) -> str:
    """Of the words alone: a second delivery, or another wrapping, is the same text."""
    words = " ".join(word for line in (labelled.typed if labelled else ()) for word in line.split())
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
