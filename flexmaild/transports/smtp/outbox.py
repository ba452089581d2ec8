"""The way out over SMTP: one reused connection, one mail at a time, a result for every recipient.

Built by `transports.build_outbox`. Connects when there is something to send and keeps the connection; a kept
connection that has died is replaced once, as long as no mail content was sent on it. Never repeats a mail
whose content went out: an answer that was lost is reported as uncertain and decided upon elsewhere.
"""

import time
from dataclasses import dataclass, replace

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.ports import Envelope, Receipt, Refusal
from flexmaild.net import sasl
from flexmaild.settings.javamail.session import SmtpSession
from flexmaild.transports.envelope import Order, mail_line, rcpt_line, stuffed, wire_order
from flexmaild.transports.smtp.dialogue import Dialogue, Reply, Trace, open_dialogue
from flexmaild.transports.smtp.eight_bit import as_8bit
from flexmaild.transports.smtp.replies import failure

# RFC 5321 section 4.5.3.2.6 gives the end of the content 10 minutes: giving up sooner makes duplicates. It is
# 20 times the read timeout at most, so the 30 s of the default block make exactly 10 minutes, and an operator
# who wants quicker failures gets them here as well.
_LONGEST_END, _END_FACTOR = 600.0, 20
# Seconds after which a kept connection is asked whether it is still there, and after which it is not kept:
# servers hang up after 300 s (RFC 5321 section 4.5.3.2.7).
_ASK_AFTER, _KEEP_FOR = 5.0, 240.0
# A link slower than this, in bytes per second, counts as dead while content is sent.
_SLOWEST = 16384


@dataclass(frozen=True, slots=True)
class _Offered:
    """What the server said to MAIL, to each RCPT, and to DATA where it was sent along."""

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
        """Send to all recipients, or say whom the server refused. Raises TryLater/GiveUp."""
        if self._session.envelope_from:
            envelope = replace(envelope, sender=self._session.envelope_from)
        order = wire_order(envelope)
        if self._is_alive():
            try:
                return self._send_once(order)
            except TryLater as error:
                if not _was_stale(error):
                    raise
        self.close()
        self._dialogue = open_dialogue(self._session, self._credentials, self._trace)
        return self._send_once(order)

    def close(self) -> None:
        """Leave politely; never raises."""
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

    def _send_once(self, order: Order) -> Receipt:
        assert self._dialogue
        try:
            receipt = _transaction(self._dialogue, order, self._session)
        except Failure as error:
            self._recover(error)
            raise
        self._used_at = time.monotonic()
        return receipt

    def _recover(self, error: Failure) -> None:
        """After a refusal in words the connection is used on; after anything else it is not."""
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
    """The kept connection had ended while it was idle, and no content was sent on it yet."""
    ended = error.reason in {Reason.NETWORK, Reason.TIMEOUT} or error.answer.startswith("421")
    return ended and error.step in {"mail", "rcpt", "data"}


def _transaction(dialogue: Dialogue, order: Order, session: SmtpSession) -> Receipt:
    order, refused = _without_utf8(dialogue, order)
    if session.allow_8bit and dialogue.offers("8bitmime"):
        content = as_8bit(order.data)
        order = replace(order, data=content, is_7bit=content.isascii())
    _check_fits(dialogue, order)
    # Content that was announced cannot be taken back, so DATA waits for the replies where one refused
    # recipient stops the whole mail.
    at_once = session.send_partial or len(order.recipients) == 1
    offered = _offer(dialogue, order, session, with_data=at_once)
    refused += _judge(dialogue, order, offered, session)
    data = offered.data or dialogue.command("data", "DATA")
    if data.code != 354:
        raise failure(data, "data", dialogue.connection.server)
    reply = _send_content(dialogue, order, session)
    return Receipt(reply.line, dialogue.connection.tls_version, refused)


def _offer(dialogue: Dialogue, order: Order, session: SmtpSession, with_data: bool) -> _Offered:
    """MAIL and RCPT, and DATA with them; in one write where the server can read it so (RFC 2920)."""
    mail = mail_line(order, session, dialogue.offers)
    rcpts = [rcpt_line(recipient, session, dialogue.offers) for recipient in order.recipients]
    if dialogue.offers("pipelining"):
        dialogue.expect("mail")
        dialogue.send(mail, *rcpts, *(["DATA"] if with_data else []))
        first = dialogue.reply()
        if first.code == 421:  # the server hangs up after it, no further reply comes
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


def _judge(dialogue: Dialogue, order: Order, offered: _Offered, session: SmtpSession) -> tuple[Refusal, ...]:
    """The refused recipients. Raises when the sender, all or (without send_partial) any was refused."""
    stop: Failure | None = None
    bad = [
        (to, reply)
        for to, reply in zip(order.recipients, offered.rcpt, strict=False)
        if reply.code // 100 != 2
    ]
    if offered.mail.code != 250:
        stop = failure(offered.mail, "mail", dialogue.connection.server)
    elif bad and (len(bad) == len(order.recipients) or not session.send_partial):
        stop = _worst(bad, dialogue, everybody=len(bad) == len(order.recipients))
    if stop is None:
        return tuple(Refusal(to, reply.code >= 500, reply.line) for to, reply in bad)
    if offered.data and offered.data.code == 354:
        # The server waits for content that nobody may get; only hanging up takes DATA back.
        dialogue.drop()
        stop.answer = ""
    raise stop


def _worst(bad: list[tuple[str, Reply]], dialogue: Dialogue, everybody: bool) -> Failure:
    """One failure for several refusals: with nobody left a passing one decides, else a lasting one."""
    ordered = sorted(bad, key=lambda item: item[1].code, reverse=not everybody)
    to, reply = ordered[0]
    error = failure(reply, "rcpt", dialogue.connection.server)
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    error.text = f"the server refused the recipient {to}{more}"
    if not everybody:
        error.text += ", so it was sent to nobody (mail.smtp.sendpartial is false)"
    return error


def _send_content(dialogue: Dialogue, order: Order, session: SmtpSession) -> Reply:
    data = stuffed(order.data)
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


def _without_utf8(dialogue: Dialogue, order: Order) -> tuple[Order, tuple[Refusal, ...]]:
    """Without SMTPUTF8 (RFC 6531) addresses with a non-ASCII local part cannot be said to this server."""
    if not order.needs_utf8 or dialogue.offers("smtputf8"):
        return order, ()
    why = "the server cannot take non-ASCII addresses (no SMTPUTF8)"
    said = tuple(to for to in order.recipients if to.isascii())
    if not said or not order.sender.isascii() or order.header_is_utf8:
        raise GiveUp(Reason.CLIENT, why, step="mail", server=dialogue.connection.server)
    unsaid = tuple(Refusal(to, True, why) for to in order.recipients if not to.isascii())
    return replace(order, recipients=said, needs_utf8=False), unsaid


def _check_fits(dialogue: Dialogue, order: Order) -> None:
    limit = dialogue.parameter("size")
    if limit.isdigit() and 0 < int(limit) < len(order.data):
        raise GiveUp(
            Reason.CLIENT,
            f"the mail has {len(order.data)} bytes, the server takes {limit} (SIZE)",
            step="mail",
            server=dialogue.connection.server,
            cure="Attach less.",
        )
    if not order.is_7bit and not dialogue.offers("8bitmime"):
        raise GiveUp(
            Reason.CLIENT,
            "the mail has 8-bit content and the server takes 7 bits only (no 8BITMIME)",
            step="mail",
            server=dialogue.connection.server,
        )
