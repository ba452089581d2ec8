"""Outgoing mail over SMTP: one reused connection, one mail at a time, a result for every recipient.

Connects when there is something to send and keeps the connection; a kept connection that has died is replaced
once, as long as no mail content was sent on it. Never repeats a mail whose content was sent: a lost reply is
reported as uncertain, for the caller to decide.
"""

import time
from dataclasses import dataclass, replace

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.ports import Envelope, Receipt, Refusal
from flexmaild.net import sasl
from flexmaild.settings.javamail.session import SmtpSession
from flexmaild.transports.envelope import PreparedEnvelope, dot_stuffed, mail_line, prepare, rcpt_line
from flexmaild.transports.smtp.dialogue import Dialogue, Reply, Trace, open_dialogue
from flexmaild.transports.smtp.eight_bit import as_8bit
from flexmaild.transports.smtp.replies import failure

# RFC 5321 section 4.5.3.2.6 gives the end of the content 10 minutes: giving up sooner makes duplicates. It is
# 20 times the read timeout at most, so the 30 s of the default block make exactly 10 minutes, and a shorter
# read timeout shortens this one as well.
_LONGEST_END, _END_FACTOR = 600.0, 20
# Seconds after which a kept connection is tested before use, and after which it is not used: servers hang up
# after 300 s (RFC 5321 section 4.5.3.2.7).
_ASK_AFTER, _KEEP_FOR = 5.0, 240.0
# A link slower than this, in bytes per second, counts as dead while content is sent.
_SLOWEST = 16384


@dataclass(frozen=True, slots=True)
class _Offered:
    """The replies to MAIL, to each RCPT, and to DATA where it was sent in the same write."""

    mail: Reply
    rcpt: tuple[Reply, ...]
    data: Reply | None


class SmtpOutbox:
    """An Outbox (see `core.ports`) for one server and one thread."""

    def __init__(
        self, session: SmtpSession, credentials: sasl.Credentials, trace: Trace | None = None
    ) -> None:
        self._session = session
        self._credentials = credentials
        self._trace = trace
        self._dialogue: Dialogue | None = None
        self._used_at = 0.0

    def send(self, envelope: Envelope) -> Receipt:
        """Send to all recipients; the receipt names those refused. Raises TryLater/GiveUp."""
        if self._session.envelope_from:
            envelope = replace(envelope, sender=self._session.envelope_from)
        prepared = prepare(envelope)
        if self._is_alive():
            try:
                return self._send_once(prepared)
            except TryLater as error:
                if not _was_stale(error):
                    raise
        self.close()
        self._dialogue = open_dialogue(self._session, self._credentials, self._trace)
        return self._send_once(prepared)

    def close(self) -> None:
        """Close with QUIT; never raises."""
        if self._dialogue:
            self._dialogue.leave()
            self._dialogue = None

    def _is_alive(self) -> bool:
        idle = time.monotonic() - self._used_at
        if self._dialogue is None or idle > _KEEP_FOR:
            return False
        if idle < _ASK_AFTER:
            return True
        try:
            self._dialogue.expect("noop", seconds=min(10.0, self._session.read_timeout))
            self._dialogue.send("RSET" if self._session.use_rset else "NOOP")
            return self._dialogue.reply().code == 250
        except Failure:
            self._drop()
            return False

    def _drop(self) -> None:
        if self._dialogue:
            self._dialogue.drop()
            self._dialogue = None

    def _send_once(self, prepared: PreparedEnvelope) -> Receipt:
        assert self._dialogue
        try:
            receipt = _transaction(self._dialogue, prepared, self._session)
        except Failure as error:
            self._recover(error)
            raise
        self._used_at = time.monotonic()
        return receipt

    def _recover(self, error: Failure) -> None:
        """Keep the connection after a reply that refuses; drop it after any other failure."""
        assert self._dialogue
        if error.reason is Reason.CLIENT:
            return
        if not error.answer or error.answer.startswith("421"):
            self._drop()
            return
        try:
            if self._dialogue.command("rset", "RSET").code != 250:
                self._drop()
        except Failure:
            self._drop()
        self._used_at = time.monotonic()


def _was_stale(error: TryLater) -> bool:
    """Whether the kept connection had ended while idle, before any content was sent on it."""
    ended = error.reason in {Reason.NETWORK, Reason.TIMEOUT} or error.answer.startswith("421")
    return ended and error.step in {"mail", "rcpt", "data"}


def _transaction(dialogue: Dialogue, prepared: PreparedEnvelope, session: SmtpSession) -> Receipt:
    prepared, refused = _without_utf8(dialogue, prepared)
    if session.allow_8bit and dialogue.offers("8bitmime"):
        content = as_8bit(prepared.data)
        prepared = replace(prepared, data=content, is_7bit=content.isascii())
    _check_fits(dialogue, prepared)
    # Content that was announced cannot be taken back, so DATA waits for the replies where one refused
    # recipient stops the whole mail.
    at_once = session.send_partial or len(prepared.recipients) == 1
    offered = _offer(dialogue, prepared, session, with_data=at_once)
    refused += _refused_recipients(dialogue, prepared, offered, session)
    data = offered.data or dialogue.command("data", "DATA")
    if data.code != 354:
        raise failure(data, "data", dialogue.connection.server)
    reply = _send_content(dialogue, prepared, session)
    return Receipt(reply.line, dialogue.connection.tls_version, refused)


def _offer(dialogue: Dialogue, prepared: PreparedEnvelope, session: SmtpSession, with_data: bool) -> _Offered:
    """Send MAIL, RCPT and perhaps DATA; in one write where the server allows it (RFC 2920)."""
    mail = mail_line(prepared, session, dialogue.offers)
    rcpts = [rcpt_line(recipient, session, dialogue.offers) for recipient in prepared.recipients]
    if dialogue.offers("pipelining"):
        dialogue.expect("mail")
        dialogue.send(mail, *rcpts, *(["DATA"] if with_data else []))
        first = dialogue.reply()
        if first.code == 421:  # the server hangs up, no further reply follows
            raise failure(first, "mail", dialogue.connection.server)
        replies = tuple(_next(dialogue, "rcpt") for _ in rcpts)
        return _Offered(first, replies, _next(dialogue, "data") if with_data else None)
    first = dialogue.command("mail", mail)
    if first.code != 250:
        return _Offered(first, (), None)
    return _Offered(first, tuple(dialogue.command("rcpt", line) for line in rcpts), None)


def _next(dialogue: Dialogue, step: str) -> Reply:
    dialogue.expect(step)
    return dialogue.reply()


def _refused_recipients(
    dialogue: Dialogue, prepared: PreparedEnvelope, offered: _Offered, session: SmtpSession
) -> tuple[Refusal, ...]:
    """The refused recipients. Raises when the sender, all or (without send_partial) any was refused."""
    refusal: Failure | None = None
    bad = [
        (to, reply)
        for to, reply in zip(prepared.recipients, offered.rcpt, strict=False)
        if reply.code // 100 != 2
    ]
    if offered.mail.code != 250:
        refusal = failure(offered.mail, "mail", dialogue.connection.server)
    elif bad and (len(bad) == len(prepared.recipients) or not session.send_partial):
        refusal = _refusal(bad, dialogue, all_refused=len(bad) == len(prepared.recipients))
    if refusal is None:
        return tuple(Refusal(to, reply.code >= 500, reply.line) for to, reply in bad)
    if offered.data and offered.data.code == 354:
        # The server waits for content that no recipient may get; only hanging up cancels DATA.
        dialogue.drop()
        refusal.answer = ""
    raise refusal


def _refusal(bad: list[tuple[str, Reply]], dialogue: Dialogue, all_refused: bool) -> Failure:
    """One failure for several refusals: a passing one decides where all are refused, else a lasting one."""
    ordered = sorted(bad, key=lambda item: item[1].code, reverse=not all_refused)
    to, reply = ordered[0]
    error = failure(reply, "rcpt", dialogue.connection.server)
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    error.text = f"the server refused the recipient {to}{more}"
    if not all_refused:
        error.text += ", so no recipient got it (mail.smtp.sendpartial is false)"
    return error


def _send_content(dialogue: Dialogue, prepared: PreparedEnvelope, session: SmtpSession) -> Reply:
    data = dot_stuffed(prepared.data)
    total = 2 * session.write_timeout + len(data) / _SLOWEST
    dialogue.connection.begin("content", silence=session.write_timeout, total=total)
    dialogue.note(f"> ({len(data)} bytes of content)")
    dialogue.connection.sendall(data)
    dialogue.expect(
        "content", seconds=max(session.read_timeout, min(_LONGEST_END, _END_FACTOR * session.read_timeout))
    )
    try:
        reply = dialogue.reply()
    except TryLater as error:
        error.uncertain = True
        error.text = f"the answer to the end of the message is lost ({error.text})"
        raise
    if reply.code != 250:
        raise failure(reply, "content", dialogue.connection.server)
    return reply


def _without_utf8(
    dialogue: Dialogue, prepared: PreparedEnvelope
) -> tuple[PreparedEnvelope, tuple[Refusal, ...]]:
    """Refuse addresses with a non-ASCII local part where the server has no SMTPUTF8 (RFC 6531)."""
    if not prepared.needs_utf8 or dialogue.offers("smtputf8"):
        return prepared, ()
    why = "the server cannot take non-ASCII addresses (no SMTPUTF8)"
    sayable = tuple(to for to in prepared.recipients if to.isascii())
    if not sayable or not prepared.sender.isascii() or prepared.header_is_utf8:
        raise GiveUp(Reason.CLIENT, why, step="mail", server=dialogue.connection.server)
    unsayable = tuple(Refusal(to, True, why) for to in prepared.recipients if not to.isascii())
    return replace(prepared, recipients=sayable, needs_utf8=False), unsayable


def _check_fits(dialogue: Dialogue, prepared: PreparedEnvelope) -> None:
    limit = dialogue.parameter("size")
    if limit.isdigit() and 0 < int(limit) < len(prepared.data):
        raise GiveUp(
            Reason.CLIENT,
            f"the mail has {len(prepared.data)} bytes, the server takes {limit} (SIZE)",
            step="mail",
            server=dialogue.connection.server,
            cure="Attach less.",
        )
    if not prepared.is_7bit and not dialogue.offers("8bitmime"):
        raise GiveUp(
            Reason.CLIENT,
            "the mail has 8-bit content and the server takes 7 bits only (no 8BITMIME)",
            step="mail",
            server=dialogue.connection.server,
        )
