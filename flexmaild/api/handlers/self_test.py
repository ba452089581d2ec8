"""flexmailctl self-test: marked mails go out and come back, and carry results they have no right to.

What proves senders (docs/operating.md) holds only if the border removes what senders wrote into a mail in
the border's name (RFC 8601 section 5). This sends such mails, a spelling in each, to the reply folder by
the ordinary way, has them read by the ordinary way, where they are known for our own and decide nothing, and
looks at what arrived.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from flexmaild.api import problems, visibility
from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.handlers import arrivals, self_test_results, spellings
from flexmaild.api.handlers.probes import last_headers
from flexmaild.api.handlers.spellings import Spelling
from flexmaild.api.problems import Problem
from flexmaild.core.addresses import domain_of
from flexmaild.core.documents.diagnosis import Diagnosis
from flexmaild.core.errors import Failure
from flexmaild.core.model import MailKind
from flexmaild.core.ports import Envelope
from flexmaild.core.references import in_brackets, plain_message_id
from flexmaild.core.steps import Step
from flexmaild.engine import operator_actions
from flexmaild.engine.components import Components
from flexmaild.engine.services import Services
from flexmaild.mail.compose import mime
from flexmaild.mail.format import OWN_MAIL_HEADER
from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.parse.message import split_header
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.transports import build_outbox

# A mail through a gateway that looks into attachments takes a minute or two; between polls a few seconds.
# Once one has come the others are waited for less long: a server may have thrown one away without a word.
ARRIVAL_SECONDS, STRAGGLER_SECONDS, PAUSE_SECONDS = 180.0, 30.0, 3.0
POLL_SECONDS = 120.0
# Borders of which the plain spelling is tried as well.
_MOST_BORDERS = 10


@dataclass(slots=True)
class Sent:
    """A marked mail that was to go out. answer: of a server that refused it; raw: as it arrived."""

    spelling: Spelling
    answer: str = ""
    raw: bytes = field(default=b"", repr=False)


def self_test(services: Services, call: CommandRequest) -> Answer:
    """Send, wait for the arrival, look: each a step with its cure."""
    components = services.components
    if components.poller is None:
        cure = "Set incoming.enabled: true and reload."
        raise Problem(409, "Nothing to test", "reading replies is switched off", kind="off", cure=cure)
    mails = [
        Sent(spelling) for spelling in marked(components.rules, components.compose_settings.from_address)
    ]
    steps = [_send(components, mails)]
    operator_actions.record(services, "self-test", call.peer.user, ok=steps[0].ok)
    seen = self_test_results.SelfTestResults()
    if steps[0].ok:
        steps.append(_arrival(services, call, mails))
        if mails[0].raw:
            kept = last_headers(services)
            seen = self_test_results.results_of(
                [(m.spelling, m.raw, m.answer) for m in mails], components.rules, kept
            )
            steps += seen.steps
            header = parse_header(split_header(mails[0].raw)[0])
            message_id = arrivals.message_id(header, plus_address=components.settings.incoming.plus_address)
            steps += [message_id, *seen.outside]
    shown = Diagnosis(
        healthy=all(step.ok for step in steps),
        steps=[step.document() for step in steps],
        mails=[],
        proposals=seen.proposals,
        spellings=seen.spellings,
        fields=seen.fields,
    )
    return Answer(200, shown)


def _arrived(services: Services, tokens: Iterable[str]) -> Mapping[str, bytes]:
    """The marked mails as they were read, by their tokens, of those that have come."""
    since = services.store.now() - timedelta(seconds=2 * ARRIVAL_SECONDS)
    found = {token: services.store.arrived(token, since) for token in tokens}
    return {token: raw for token, raw in found.items() if raw}


def marked(rules: Rules, sender: str) -> list[Spelling]:
    """What is sent: all spellings for the first border, the plain one for others; one with no border's name
    where there is none."""
    domain, tokens = domain_of(sender), arrivals.tokens()
    ids = list(dict.fromkeys(border.id for border in rules.borders))
    if not ids:
        token = next(tokens)
        # A field of the family that Exchange's header firewall removes, and that no other server writes.
        exchange = f"X-MS-Exchange-Organization-Flexmaild-Test: {token}\r\n" if rules.exchange_online else ""
        return [Spelling("plain", exchange.encode("ascii"), token)]
    host = next((b.host for b in rules.borders if b.host and not b.host.startswith("*")), ids[0])
    found = list(spellings.spellings(ids[0], host, domain, tokens))
    return found + [spellings.plain(one, domain, next(tokens)) for one in ids[1:_MOST_BORDERS]]


def _send(components: Components, mails: Sequence[Sent]) -> Step:
    """Hand all over. A server may refuse a spelling, as it should; the plain one has to go."""
    began, sender = time.monotonic(), components.compose_settings.from_address
    to = components.settings.incoming.reply_address
    tried = f"send {len(mails)} marked mails to {to}"
    outbox = build_outbox(components.settings.outgoing, components.adapter_context)
    answer = ""
    try:
        for mail in mails:
            token = mail.spelling.token
            data = marked_mail(mail.spelling, sender, to)
            try:
                identifier = plain_message_id(token, domain_of(sender))
                sent = outbox.send(Envelope(identifier, sender, (to,), data)).answer
                answer = answer or sent
            except Failure as failure:
                if mail is mails[0]:
                    seconds = time.monotonic() - began
                    return Step("send", False, tried, str(failure), failure.cure, seconds)
                mail.answer = str(failure)
    finally:
        outbox.close()
    return Step("send", True, tried, answer, seconds=time.monotonic() - began)


def marked_mail(spelling: Spelling, sender: str, to: str) -> bytes:
    """Our own mail below the fields that it brings along."""
    token = spelling.token
    (identifier,) = in_brackets([plain_message_id(token, domain_of(sender))])
    headers = [
        ("From", mime.address(sender)),
        ("To", mime.address(to)),
        ("Subject", f"{arrivals.SUBJECT}{token}"),
        ("Date", format_datetime(datetime.now(UTC))),
        ("Message-ID", identifier),
        ("References", identifier),
        ("Auto-Submitted", "auto-generated"),
        (OWN_MAIL_HEADER, MailKind.TEST.value),
    ]
    return spelling.fields + mime.build(headers, "flexmaild sent this to itself. It may be deleted.\n", "")


def _arrival(services: Services, call: CommandRequest, mails: Sequence[Sent]) -> Step:
    """Poll until the mails were read or the time is over."""
    steady = services.clock.steady
    began, folder = steady(), services.components.settings.incoming.reply_folder
    tried = f"wait for them in the folder {folder}"
    ends = began + ARRIVAL_SECONDS
    while True:
        fault = visibility.visible_text(_poll(services), call.viewer)
        if _take(services, mails):
            ends = steady() + STRAGGLER_SECONDS
        seconds = steady() - began
        waiting = [mail for mail in mails if not (mail.raw or mail.answer)]
        is_over = bool(fault) or steady() > ends
        if mails[0].raw and (is_over or not waiting):
            came = sum(bool(mail.raw) for mail in mails)
            return Step("arrival", True, tried, f"{came} arrived, were read and deleted", seconds=seconds)
        if is_over:
            cure = (
                "Look for it in the junk folder and in the mail server's log, and whether mail to "
                f"{services.components.settings.incoming.reply_address} comes into this folder."
            )
            return Step("arrival", False, tried, fault or "it did not arrive", cure, seconds)
        if call.is_over.wait(PAUSE_SECONDS):
            raise problems.stopping()


def _take(services: Services, mails: Sequence[Sent]) -> bool:
    """Take those that have come; whether there was any."""
    waiting = {mail.spelling.token: mail for mail in mails if not mail.raw}
    if not waiting:
        return False
    found = _arrived(services, waiting)
    for token, raw in found.items():
        waiting[token].raw = raw
    return bool(found)


def _poll(services: Services) -> str:
    """Read the folder now; the fault, if any."""
    poller = services.components.poller
    try:
        return poller.poll().result(POLL_SECONDS).fault if poller else "reading replies was switched off"
    except (CancelledError, TimeoutError):
        return "the daemon is stopping, changing its settings, or waits for the mail server"
