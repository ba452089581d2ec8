"""Explains how a mail is understood: what was typed, what decided or prevented a decision, who sent it.

Used by `flexmaild explain`. The sandboxed child reads the mail, and the daemon's rules decide about it as
if its request were open; what the store knows is listed separately. Writes nothing and does not use DNS.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from flexmaild.core import timing
from flexmaild.core.addresses import domain_of
from flexmaild.core.approval import comparison, named_requests, proof
from flexmaild.core.approval.admission import Admission, SenderPolicy
from flexmaild.core.approval.events import Answered
from flexmaild.core.errors import Failure
from flexmaild.core.masking import Mask
from flexmaild.core.model import Outcome, Requirement
from flexmaild.core.parsed_reply import MailNature, ParsedReply
from flexmaild.core.references import ReferenceKeys, as_written
from flexmaild.core.work import MailsSent
from flexmaild.engine.keys.reference_key import keys_of_ids, known_reference_keys
from flexmaild.engine.policies import rules_without_dns
from flexmaild.engine.replay import decide_again
from flexmaild.engine.replay.decide_again import MailContext
from flexmaild.engine.replay.sent_before import SentBefore
from flexmaild.engine.sandbox.parent import RawMail, Sandbox
from flexmaild.mail.understand.evidence import Evidence, SeenRendering
from flexmaild.mail.understand.verdict import WHY
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.settings.schema import Settings
from flexmaild.store import StoreFault
from flexmaild.store.read_only import ReadOnlyStore, open_read_only

# What Outlook saves by itself: an OLE file, which is no mail.
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


@dataclass(slots=True)
class Sources:
    """The sources of an explanation. settings: None for the defaults. store: None where it cannot be read,
    and `without` says why."""

    settings: Settings | None
    store: ReadOnlyStore | None = None
    keys: ReferenceKeys = field(default_factory=lambda: ReferenceKeys(b""))
    id_keys: tuple[bytes, ...] = ()
    without: str = ""

    def forget_store(self, why: str) -> None:
        self.store, self.without = None, why


def sources(settings: Settings | None) -> Sources:
    """The sources that this user can read with these settings."""
    if settings is None:
        return Sources(None, without="without settings it is not known where the store is")
    try:
        store, keys = open_read_only(settings), known_reference_keys(settings)
        return Sources(settings, store, keys, keys_of_ids(settings, keys))
    except Failure as fault:
        return Sources(settings, without=str(fault))
    except OSError as fault:
        return Sources(settings, without=f"{fault.filename}: the key of references: {fault.strerror}")


def explain(data: bytes, sources: Sources) -> dict[str, Any]:
    """The document, with references masked. Raises Failure when no child process can be started."""
    reply, evidence, context = _read(data, sources)
    reply = _with_recorded_proof(reply, context, sources)
    admission = _admission(reply, context, sources)
    document = {
        "size": len(data),
        "sha256": reply.sha256,
        "note": "an Outlook file (.msg) and no mail: save it as .eml" if data.startswith(_OLE) else "",
        "verdict": _verdict_document(reply, admission, context, sources, evidence),
        "reading": _reply_document(reply),
        "sender": _sender_document(reply, sources, evidence),
        "references": {
            "text": list(reply.body_references),
            "header": list(reply.thread_references),
            "addresses": list(reply.address_references),
            "elsewhere": list(reply.hidden_references),
        },
        "looks": [_look_document(look) for look in evidence.renderings],
        "words_sent": {"known": sources.store is not None, "without": sources.without},
        "now": _store_document(reply, admission, context),
    }
    found = (*reply.body_references, *reply.thread_references, *reply.address_references)
    masked: dict[str, Any] = Mask((*found, *reply.hidden_references)).tree(document)
    return masked


def _read(data: bytes, sources: Sources) -> tuple[ParsedReply, Evidence, MailContext]:
    """The parsed reply with its evidence and context; without sent mails where the store cannot be read."""
    rules = rules_without_dns(sources.settings) if sources.settings else Rules.of()
    mail = RawMail(data, len(data))
    if sources.store is not None:
        try:
            return _read_as_recorded(mail, rules, sources.store, sources)
        except StoreFault as fault:
            sources.forget_store(str(fault))
    return *_read_with(mail, rules, lambda references: None), MailContext()


def _read_as_recorded(
    mail: RawMail, rules: Rules, store: ReadOnlyStore, sources: Sources
) -> tuple[ParsedReply, Evidence, MailContext]:
    """Read the mail with what had been sent when the daemon read it, or a copy of it with other bytes."""
    words = SentBefore(store, sources.keys)
    processed = store.processed_with_digest(hashlib.sha256(mail.data).hexdigest())
    words.at(processed.at if processed else None)
    reply, evidence = _read_with(mail, rules, words)
    context = decide_again.mail_context(store, sources.id_keys, reply, processed)
    if processed is None and context.requests and reply.message_id:
        processed = store.processed_with_message_id(context.requests, reply.message_id)
        if processed is not None:
            words.at(processed.at)
            reply, evidence = _read_with(mail, rules, words)
            # Its own verdict is known by the bytes that were read then.
            context = decide_again.mail_context(store, sources.id_keys, reply, processed)
    return reply, evidence, context


def _read_with(mail: RawMail, rules: Rules, sent: MailsSent) -> tuple[ParsedReply, Evidence]:
    reader = Sandbox(rules, lambda fault: None, sent)
    try:
        return reader.read_with_evidence(mail)
    finally:
        reader.close()


def _with_recorded_proof(reply: ParsedReply, context: MailContext, sources: Sources) -> ParsedReply:
    processed = context.processed
    then = (
        comparison.verdict_of(processed, context.requests.get(processed.approval_id))
        if processed is not None
        else None
    )
    return comparison.with_recorded_proof(reply, then, _wants_dkim(sources))


def _admission(reply: ParsedReply, context: MailContext, sources: Sources) -> Admission:
    return decide_again.admission_today(reply, context, sources.keys, SenderPolicy(_required(sources)))


def _verdict_document(
    reply: ParsedReply, admission: Admission, context: MailContext, sources: Sources, evidence: Evidence
) -> dict[str, Any]:
    """The outcome of the mail if its request were open; certain only where the store could be read."""
    if sources.store is None and reply.nature is MailNature.HUMAN and named_requests.named_ids(reply):
        answer = reply.answer.value if reply.answer else ""
        return {"certain": False, "outcome": "", "answer": answer, "because": sources.without, "if_dkim": ""}
    document = _admission_document(admission)
    if _wants_dkim(sources) and evidence.is_signed and admission.request_id:
        proven = replace(reply, dkim_domains=(domain_of(reply.sender),))
        other = _admission_document(_admission(proven, context, sources))
        if other["outcome"] != document["outcome"]:
            document["if_dkim"] = other["answer"] or other["outcome"]
    return document


def _admission_document(admission: Admission) -> dict[str, Any]:
    event = admission.event if admission.outcome is Outcome.DECISION else None
    return {
        "certain": True,
        "outcome": admission.outcome.value,
        "answer": event.answer.value if isinstance(event, Answered) else "",
        "because": admission.because,
        "if_dkim": "",
    }


def _reply_document(reply: ParsedReply) -> dict[str, Any]:
    return {
        "nature": reply.nature.value,
        "nature_because": reply.nature_because,
        "subject": reply.subject,
        "message_id": as_written(reply.message_id),
        "date": reply.date,
        "answer": reply.answer.value if reply.answer else "",
        "unclear": reply.unclear,
        "why": WHY.get(reply.unclear, ""),
        "comment": reply.comment,
        "language": reply.language,
    }


def _sender_document(reply: ParsedReply, sources: Sources, evidence: Evidence) -> dict[str, Any]:
    return {
        "address": reply.sender,
        "name": reply.sender_name,
        "fault": reply.sender_fault,
        "in_the_name_of_another": reply.delegate,
        "proof": proof.proof_of(reply) if reply.sender else "",
        "results": [
            {"server": r.authserv_id, "method": r.method, "result": r.result, "domain": r.domain}
            for r in reply.auth_results
        ],
        "dkim": _dkim(sources, evidence),
        "required": _required(sources),
    }


def _dkim(sources: Sources, evidence: Evidence) -> str:
    """What our own check of the signature would be."""
    if not evidence.is_signed:
        return "no signature"
    return "not verified here (no DNS)" if _wants_dkim(sources) else "not looked at (verify_dkim is off)"


def _wants_dkim(sources: Sources) -> bool:
    return sources.settings is not None and sources.settings.incoming.sender_authentication.verify_dkim


def _required(sources: Sources) -> Requirement:
    return sources.settings.incoming.sender_authentication.require if sources.settings else "reference"


def _look_document(look: SeenRendering) -> dict[str, Any]:
    return {
        "of": look.of,
        "answer": look.answer.value if look.answer else "",
        "unclear": look.unclear,
        "word": look.word,
        "sentence": look.sentence,
        "cause": look.cause,
        "lines": [
            {"label": line.label, "rule": line.rule, "text": line.text}
            | ({"typed": line.typed} if line.typed is not None else {})
            | ({"changed": True} if line.changed else {})
            | ({"left_out": line.left_out} if line.left_out else {})
            for line in look.lines
        ],
        "lines_left_out": look.left_out,
    }


def _store_document(reply: ParsedReply, admission: Admission, context: MailContext) -> Mapping[str, Any]:
    """What the store knows of this mail and its request; it does not influence how the mail is understood."""
    found: dict[str, Any] = {}
    request, processed = context.requests.get(admission.request_id), context.processed
    if request is not None:
        found["request"] = {
            "id": request.id,
            "title": request.terms.title,
            "state": request.state.value,
            "decided_by": list(request.decided_by),
            "decided_at": timing.iso(request.decided_at, "seconds") or "",
        }
        replaced = comparison.would_replace(request, admission.event, datetime.now(UTC))
        if processed is None and replaced is not None:
            found["request"]["would_replace"] = replaced.answer.value
    if processed is not None:
        found["mail"] = {
            "read_at": timing.iso(processed.at, "seconds"),
            "outcome": processed.outcome.value,
            "because": processed.because,
            "same_bytes": processed.mail.sha256 == reply.sha256,
        }
    return found
