"""The bytes of a mail of ours, from its order: `compose(order, request, reference, settings, …)`.

Called by `engine.delivery.job_handlers` when a mail is sent, and again, with the same result, when it is sent
again. The marker, the guard line and the reference are added here, outside any template, so that no template
can lose them. Knows no transport and no clock.
"""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from markupsafe import Markup

from flexmaild.core import references
from flexmaild.core.model import Attachment, MailKind, Request
from flexmaild.core.work import MailOrder
from flexmaild.mail.compose import links, mime
from flexmaild.mail.compose.context import ASKING, ComposeSettings, template_context
from flexmaild.mail.compose.render import FaultHandler, TemplateFault
from flexmaild.mail.format import GUARD_LINE, OWN_MAIL_HEADER, REFERENCE_LABEL, REPLY_MARKER

__all__ = ["ComposeSettings", "compose"]

# Sent because a mail came in, even where that mail had no Message-ID (RFC 3834 section 5).
_ANSWERS = frozenset(
    {
        MailKind.ACCEPTED,
        MailKind.NOTED,
        MailKind.SETTLING,
        MailKind.ALREADY_DECIDED,
        MailKind.UNCLEAR,
        MailKind.COMMENT_NEEDED,
        MailKind.NOT_ENTITLED,
    }
)


def compose(
    order: MailOrder,
    request: Request | None,
    reference: str,
    settings: ComposeSettings,
    *,
    date: datetime,
    message_id: str = "",
    attachments: Sequence[tuple[Attachment, bytes]] = (),
    on_fault: FaultHandler | None = None,
) -> bytes:
    """The mail's bytes (RFC 5322, CRLF); the same arguments give the same bytes.

    reference: this approver's ("FM1-…"), empty for mails that have none. date: goes into the Date field
    and is "now" for what is said about time left. message_id: the job's, without angle brackets.
    on_fault: called with each operator's template that failed; the mail goes out with ours in its place.
    Raises NotAllowed when the recipient's address is none.
    """
    if order.kind is MailKind.NOT_ENTITLED:
        reference = ""  # it belongs to an approver
    context = template_context(order, request, reference, settings, date, on_fault or _ignore)
    asks = order.kind in ASKING and bool(reference)
    context["marker"] = REPLY_MARKER if asks else ""
    context["reference_block"] = (
        _reference_html(reference, context["t"]("foot.reference") if asks else "") if reference else ""
    )
    text, html = settings.templates.event(order.kind.value, context, on_fault or _ignore)
    return mime.build(
        _headers(order, reference, settings, context["subject"], context["lang"], date, message_id),
        _text_with_markers(mime.without_delimiters(_without_blank_runs(text)), reference, asks),
        _html_with_markers(html, context["marker"], context["reference_block"]),
        [mime.File(a.filename, a.content_type, data) for a, data in attachments],
    )


def _ignore(fault: TemplateFault) -> None:
    return None


def _headers(
    order: MailOrder,
    reference: str,
    settings: ComposeSettings,
    subject: str,
    lang: str,
    date: datetime,
    own_id: str,
) -> list[tuple[str, str]]:
    kind = order.kind
    named = order.facts if kind is MailKind.NOTIFICATION else {}  # a pipeline names its own To, Cc, Reply-To
    answers = kind in _ANSWERS or bool(order.in_reply_to)
    domain = settings.message_id_domain
    own_id = own_id or references.message_id(reference or repr(order), kind, 0, domain)
    reply_to = str(named.get("reply_to") or "")
    if reference:
        reply_to = links.reply_address(settings.reply_address, reference, plus_address=settings.plus_address)
    asked = references.message_id(reference, MailKind.APPROVAL_REQUEST, 0, domain) if reference else ""
    thread = references.in_brackets(i for i in (asked, order.in_reply_to) if i != own_id)
    # Our own id too: a sending service may replace Message-ID, and an answer then names ours only if we do.
    mentioned = references.in_brackets((asked, order.in_reply_to, own_id))
    return [
        ("From", mime.address(settings.from_address, settings.from_name)),
        ("To", mime.addresses(named.get("to") or ()) or mime.address(order.to.address, order.to.name)),
        ("Cc", mime.addresses(named.get("cc") or ())),
        ("Subject", mime.unstructured(subject)),
        ("Date", format_datetime(date)),
        ("Message-ID", "".join(references.in_brackets([own_id]))),
        ("Reply-To", mime.address(reply_to) if reply_to else ""),
        ("In-Reply-To", "".join(thread[-1:])),
        ("References", "\r\n ".join(mentioned)),
        ("Auto-Submitted", "auto-replied" if answers else "auto-generated"),
        # [MS-OXCMAIL]: no automatic answers to any of ours, no delivery reports (DR) for answers
        ("X-Auto-Response-Suppress", "DR, OOF, AutoReply" if answers else "OOF, AutoReply"),
        (OWN_MAIL_HEADER, kind.value),
        ("Content-Language", lang),
    ]


def _without_blank_runs(text: str) -> str:
    """The text without the runs of empty lines that a template's conditions leave."""
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip("\n")


def _text_with_markers(text: str, reference: str, asks: bool) -> str:
    start = f"{REPLY_MARKER}\n\n" if asks else ""
    guard = f"{GUARD_LINE}\n" if asks else ""
    return f"{start}{text}\n\n{guard}{REFERENCE_LABEL} {reference}\n" if reference else f"{text}\n"


def _reference_html(reference: str, please: str) -> Markup:
    """The reference as HTML with inline styles, so that an operator's page needs no class for it."""
    return Markup(
        '<p style="margin: 10px 0 0 0; font-size: 11px; line-height: 17px;">{}'
        '<span style="font-family: Consolas, Menlo, monospace; word-break: break-all;">{} {}</span></p>'
    ).format(Markup("{}<br>").format(please) if please else "", REFERENCE_LABEL, reference)


def _html_with_markers(html: str, marker: str, block: str) -> str:
    """The page with marker and reference, put in here where an operator's layout has left them out."""
    if marker and marker not in html:
        start = html.find(">", html.lower().find("<body")) + 1 if "<body" in html.lower() else 0
        html = f"{html[:start]}<p>{marker}</p>{html[start:]}"
    if block and block not in html:
        end = html.lower().rfind("</body")
        html = html[:end] + block + html[end:] if end >= 0 else html + block
    return html
