"""flexmailctl self-test: a marked mail goes out and comes back, and carries results it has no right to.

What proves senders (docs/operating.md) holds only if the border removes what senders wrote into a mail in
the border's name (RFC 8601 section 5). This sends such a mail to the reply folder by the ordinary way, has it
read by the ordinary way, where it is known for our own and decides nothing, and looks at what arrived.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable
from concurrent.futures import CancelledError
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from flexmaild.api import arrivals
from flexmaild.api.probes import document
from flexmaild.control.call import Answer, Call
from flexmaild.control.problems import Problem
from flexmaild.core.addresses import domain_of
from flexmaild.core.errors import Failure
from flexmaild.core.model import AuthResult, MailKind
from flexmaild.core.ports import Envelope
from flexmaild.core.steps import Step
from flexmaild.engine.components import Components
from flexmaild.engine.services import Services
from flexmaild.mail.authentication import borders
from flexmaild.mail.compose import mime
from flexmaild.mail.format import OWN_MAIL_HEADER
from flexmaild.mail.parse.header import Header, parse_header
from flexmaild.mail.parse.message import split_header
from flexmaild.settings.sender_authentication import SenderAuthentication
from flexmaild.transports import build_outbox

# A mail through a gateway that looks into attachments takes a minute or two; between polls a few seconds.
ARRIVAL_SECONDS, PAUSE_SECONDS = 180.0, 3.0
POLL_SECONDS = 120.0
# A field of the family that Exchange's header firewall removes, and that nobody else writes.
_EXCHANGE_FIELD = "X-MS-Exchange-Organization-Flexmaild-Test"


def self_test(services: Services, call: Call) -> Answer:
    """Send, wait for the arrival, look: each a step with its cure."""
    components = services.components
    if components.poller is None:
        cure = "Set incoming.enabled: true and reload."
        raise Problem(409, "Nothing to test", "reading replies is switched off", kind="off", cure=cure)
    token = f"flexmaild-{secrets.token_hex(8)}"
    steps = [_send(components, token)]
    if steps[0].ok:
        raw, arrival = _arrival(services, call, token)
        steps.append(arrival)
        if raw:
            header = parse_header(split_header(raw)[0])
            steps += _seen_on_it(header, components, token)
            plus_address = components.settings.incoming.plus_address
            steps.append(arrivals.message_id(header, plus_address=plus_address))
    shown = [document(step) for step in steps]
    return Answer(200, {"healthy": all(step.ok for step in steps), "steps": shown})


def _arrived(services: Services, token: str) -> bytes:
    """The marked mail as it was read, empty while it has not come."""
    since = services.store.now() - timedelta(seconds=2 * ARRIVAL_SECONDS)
    return services.store.arrived(token, since) or b""


def _send(components: Components, token: str) -> Step:
    began, sender = time.monotonic(), components.stationery.from_address
    to = components.settings.incoming.reply_address
    tried = f"send a marked mail to {to}"
    outbox = build_outbox(components.settings.outgoing, components.tools)
    try:
        data = marked_mail(components.settings.incoming.sender_authentication, sender, to, token)
        answer = outbox.send(Envelope(f"{token}@{components.context.domain}", sender, (to,), data)).answer
    except Failure as failure:
        return Step("send", False, tried, str(failure), failure.cure, time.monotonic() - began)
    finally:
        outbox.close()
    return Step("send", True, tried, answer, seconds=time.monotonic() - began)


def marked_mail(proof: SenderAuthentication, sender: str, to: str, token: str) -> bytes:
    """Our own mail, with the results only the border may write; `token` marks each."""
    forged = f"dmarc=pass ({token}) header.from={domain_of(sender)}"
    names = [*proof.trusted_authserv_ids, *(border.id for border in proof.borders)]
    headers = [("Authentication-Results", f"{name}; {forged}") for name in dict.fromkeys(names)]
    if proof.exchange_online:
        headers.append((_EXCHANGE_FIELD, token))
    headers += [
        ("From", mime.address(sender)),
        ("To", mime.address(to)),
        ("Subject", f"{arrivals.SUBJECT}{token}"),
        ("Date", format_datetime(datetime.now(UTC))),
        ("Message-ID", f"<{token}@{domain_of(sender)}>"),
        ("References", f"<{token}@{domain_of(sender)}>"),
        ("Auto-Submitted", "auto-generated"),
        (OWN_MAIL_HEADER, MailKind.TEST.value),
    ]
    return mime.build(headers, "flexmaild sent this to itself. It may be deleted.\n", "")


def _arrival(services: Services, call: Call, token: str) -> tuple[bytes, Step]:
    """Poll until the mail was read or the time is over."""
    began, folder = time.monotonic(), services.components.settings.incoming.reply_folder
    tried = f"wait for it in the folder {folder}"
    while True:
        fault = _poll(services)
        raw = _arrived(services, token)
        seconds = time.monotonic() - began
        if raw:
            return raw, Step("arrival", True, tried, "arrived, read and deleted", seconds=seconds)
        if fault or seconds > ARRIVAL_SECONDS:
            cure = (
                "Look for it in the junk folder and in the mail server's log, and whether mail to "
                f"{services.components.settings.incoming.reply_address} comes into this folder."
            )
            return b"", Step("arrival", False, tried, fault or "it did not arrive", cure, seconds)
        call.wait(threading.Event(), PAUSE_SECONDS)


def _poll(services: Services) -> str:
    """Read the folder now; the fault, if any."""
    poller = services.components.poller
    try:
        return poller.poll().result(POLL_SECONDS).fault if poller else "reading replies was switched off"
    except (CancelledError, TimeoutError):
        return "the daemon is stopping, changing its settings, or waits for the mail server"


def _seen_on_it(header: Header, components: Components, token: str) -> Iterable[Step]:
    proof = components.settings.incoming.sender_authentication
    tried = "look whether the forged result was removed"
    if not (proof.trusted_authserv_ids or proof.borders or proof.exchange_online):
        cure = "Name your border in borders and set require: dmarc."
        yield Step("border", True, tried, "nobody's results are trusted: senders are proven weakly", cure)
        return
    yield _border(header, tried, token)
    rules = components.rules
    seen = borders.found(header, rules.borders, rules.exchange_online, rules.limits.field)
    yield _authentication(() if _is_marked(header, token) else seen.results)


def _is_marked(header: Header, token: str) -> bool:
    fields = (*header.all(b"authentication-results"), *header.all(_EXCHANGE_FIELD.lower().encode()))
    return any(token.encode() in value for value in fields)


def _border(header: Header, tried: str, token: str) -> Step:
    if not _is_marked(header, token):
        return Step("border", True, tried, "it was removed on the way")
    cure = (
        "Have the server in front of this mailbox remove, from every incoming mail, Authentication-Results "
        "fields that bear its own name (RFC 8601 section 5). Until then anybody can claim to be proven."
    )
    return Step("border", False, tried, "the forged result is still there", cure)


def _authentication(results: Iterable[AuthResult]) -> Step:
    tried = "look what the border says about the sender of this mail"
    said = ", ".join(f"{r.authserv_id}: {r.method}={r.result} ({r.domain or 'no domain'})" for r in results)
    if said:
        return Step("authentication", True, tried, said)
    cure = (
        "Mail that stays inside often gets none. If replies are refused as not proven, compare "
        "the ids in borders with the Authentication-Results of a reply."
    )
    return Step("authentication", True, tried, "no result of a trusted server", cure)
