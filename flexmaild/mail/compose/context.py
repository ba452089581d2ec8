"""The template context: one mapping of plain values, made from an order and its request.

Called by `compose.write`. docs/templates.md describes each name. Strings from outside are cleaned of
control characters here; escaping is the templates' (autoescape).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from markupsafe import Markup

from flexmaild.core.defaults import LONGEST_COMMENT
from flexmaild.core.model import MailKind, Request, Terms
from flexmaild.core.work import MailOrder
from flexmaild.languages.load import LANGUAGES
from flexmaild.mail.compose import links, texts
from flexmaild.mail.compose.mime import one_line, tidy
from flexmaild.mail.compose.render import FaultHandler, Renderer, TemplateFault
from flexmaild.mail.compose.sanitise import html_as_text, safe_html, text_as_html

# Kinds that ask for an answer: they begin with the marker and end with guard line and reference.
ASKING = frozenset({MailKind.APPROVAL_REQUEST, MailKind.REMINDER, MailKind.UNCLEAR, MailKind.COMMENT_NEEDED})
# Kinds that show the whole request with its text.
_WHOLE = frozenset({MailKind.APPROVAL_REQUEST, MailKind.REMINDER})
_MAX_METADATA = 12
_MAX_VALUE = 300

# label, value, and a remark in a softer colour
_Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ComposeSettings:
    """What all our mails have in common; built from the settings.

    reply_address: where answers go; plus_address: whether its local part may be extended by "+…".
    message_id_domain: the right side of our Message-IDs. words: for mails in a language whose proposed
    words an operator has replaced: tag → (approve, reject).
    """

    from_address: str
    reply_address: str
    message_id_domain: str
    from_name: str = "flexmaild"
    plus_address: bool = False
    language: str = "en"
    product: str = "flexmaild"
    templates: Renderer = field(default_factory=Renderer)
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def template_context(
    order: MailOrder,
    request: Request | None,
    reference: str,
    settings: ComposeSettings,
    now: datetime,
    on_fault: FaultHandler,
) -> dict[str, Any]:
    """The context for this mail's templates; faults of a named template go to `on_fault`."""
    if order.kind is MailKind.NOT_ENTITLED:
        # Its recipient was not asked, and may see nothing of the request in any operator's template.
        request = None
    lang = texts.language(order.language, order.to.language, settings.language)
    say = partial(texts.say, lang)
    terms = request.terms if request else None
    title = one_line(terms.title if terms else str(order.facts.get("subject", "")))
    title = title or say("subject.notification", product=settings.product)
    approve, reject = _words(settings, lang)
    context: dict[str, Any] = {
        **_facts(order, request),
        "t": say,
        "kind": order.kind.value,
        "lang": lang,
        "product": settings.product,
        "title": title,
        "subject": _subject(order, title, say, settings.product),
        "lead": say(f"lead.{_event(order)}"),
        "address": order.to.address,
        "name": one_line(order.to.name, 100),
        "request_id": request.id if request else order.approval_id,
        "requester": one_line(terms.requester) if terms else "",
        "approve_word": approve,
        "reject_word": reject,
        "remarks": tuple(_remarks(order, say)),
        "why": _why(order, say, approve, reject),
    }
    context["rows"] = tuple(_rows(order, request, context, now))
    context.update(_links(order.kind, reference, settings, context))
    context.update(_body(order, terms, context, settings.templates, on_fault))
    return context


def _facts(order: MailOrder, request: Request | None) -> dict[str, Any]:
    """What happened, from the order's facts or from the request as it stands now."""
    by = order.facts.get("decided_by", request.decided_by if request else ())
    return {
        "state": str(order.facts.get("state") or (request.state.value if request else "")),
        "decided_by": tuple(one_line(str(b)) for b in ([by] if isinstance(by, str) else by)),
        "decided_at": _time_of(order, "decided_at") or (request.decided_at if request else None),
        "because": one_line(str(order.facts.get("because", ""))),
        "answer": str(order.facts.get("answer", "")),
        "comment": _shown_comment(order),
        "sentence": _quoted(order, "sentence"),
        "unclear_word": _quoted(order, "word"),
        "noted": order.facts.get("noted", 0),
        "needed": order.facts.get("needed", 0),
        "outcome": str(order.facts.get("outcome") or "pending"),
        "settles_at": _time_of(order, "settles_at"),
        "taken_out": bool(order.facts.get("taken_out")),
    }


def _time_of(order: MailOrder, fact: str) -> datetime | None:
    given = order.facts.get(fact)
    return datetime.fromisoformat(given) if isinstance(given, str) else given


def persons_words(order: MailOrder) -> tuple[str, ...]:
    """What this mail repeats of a person: the comment, or the sentence that was not clear."""
    return tuple(filter(None, (_shown_comment(order), _quoted(order, "sentence"))))


def _shown_comment(order: MailOrder) -> str:
    """The person's comment as this mail repeats it, with the lines it was written in; empty without one.
    Where approvals.max_comment is above its default, no more than that is repeated."""
    text = tidy(str(order.facts.get("comment", "")))
    text = "\n".join(line.rstrip() for line in text.strip("\n").split("\n")).rstrip()
    return text if len(text) <= LONGEST_COMMENT else text[: LONGEST_COMMENT - 1].rstrip() + "…"


def _quoted(order: MailOrder, fact: str) -> str:
    """What a person wrote, on one line; empty where the order says nothing."""
    return one_line(str(order.facts.get(fact, "")), _MAX_VALUE)


def _words(settings: ComposeSettings, lang: str) -> tuple[str, str]:
    """The two words we propose in this language."""
    own = LANGUAGES[lang if lang in LANGUAGES else "en"].decide
    return settings.words.get(lang) or (own.approve[0], own.reject[0])


def _subject(order: MailOrder, title: str, say: partial[str], product: str) -> str:
    """What happened and to which request: a list of mails often shows no more than this."""
    match order.kind:
        case MailKind.NOTIFICATION:
            return title
        case MailKind.TEST:
            return say("subject.test", product=product)
        case MailKind.APPROVAL_REQUEST:
            return say("subject.request", title=title)
        case MailKind.NOT_ENTITLED:
            return say("lead.not_entitled")
    return say(f"subject.{_event(order)}", title=title)


def _event(order: MailOrder) -> str:
    """The end of the keys of texts that differ by what an answer said."""
    if order.kind not in (MailKind.ACCEPTED, MailKind.NOTED, MailKind.SETTLING):
        return order.kind.value
    return f"{order.kind.value}.{'reject' if order.facts.get('answer') == 'reject' else 'approve'}"


def _remarks(order: MailOrder, say: partial[str]) -> Iterator[str]:
    if order.to.on_behalf_of:
        yield say("how.on_behalf_of", address=order.to.on_behalf_of)
    if order.to.escalation:
        yield say("how.escalation")
    yield say("how.private")


def _why(order: MailOrder, say: partial[str], approve: str, reject: str) -> str:
    if order.kind is not MailKind.UNCLEAR:
        return ""
    try:
        return say(f"why.{order.facts.get('why')}", approve=approve, reject=reject)
    except KeyError:
        return say("why.other")


def _rows(
    order: MailOrder, request: Request | None, context: Mapping[str, Any], now: datetime
) -> Iterator[_Row]:
    """The small table: for a request what, who and until when; for an answer what became of it."""
    say = context["t"]
    if request is None:
        return
    if order.kind in _WHOLE:
        yield from _asked_rows(order, request.terms, say, context["lang"], now)
        return
    yield say("label.request"), context["title"], ""
    if order.kind in ASKING or order.kind is MailKind.NOTED:
        yield _until(request.terms, say, context["lang"], now)
    elif order.kind is MailKind.SETTLING:
        yield from _settling_rows(context, say, now)
    else:
        yield from _decision_rows(order, request, context, say)
    if context["comment"]:
        yield say("label.comment"), context["comment"], ""
    if context["sentence"]:
        yield say("label.written"), context["sentence"], ""
    if context["unclear_word"]:
        yield say("label.word"), context["unclear_word"], ""


def _settling_rows(context: Mapping[str, Any], say: partial[str], now: datetime) -> Iterator[_Row]:
    """What will be decided as it stands, and when."""
    yield say("label.outcome"), say(f"state.{context['outcome']}"), ""
    if at := context["settles_at"]:
        yield say("label.decides"), texts.formatted_time(at), texts.remaining(context["lang"], at, now)


def _asked_rows(
    order: MailOrder, terms: Terms, say: partial[str], lang: str, now: datetime
) -> Iterator[_Row]:
    if terms.requester:
        yield say("label.requester"), one_line(terms.requester), ""
    yield _until(terms, say, lang, now)
    if len(terms.approvers) > 1:
        yield say("label.rule"), _rule(terms, say), ""
    if order.to.group:
        yield say("label.group"), one_line(order.to.group), ""
    yield from _metadata(terms)
    if terms.attachments:
        yield say("label.attachments"), ", ".join(one_line(a.filename, 80) for a in terms.attachments[:5]), ""


def _until(terms: Terms, say: partial[str], lang: str, now: datetime) -> _Row:
    return (
        say("label.until"),
        texts.formatted_time(terms.expires_at),
        texts.remaining(lang, terms.expires_at, now),
    )


def _rule(terms: Terms, say: partial[str]) -> str:
    if isinstance(terms.quorum, int):
        return say("rule.number", n=terms.quorum)
    return say(f"rule.{terms.quorum}")


def _metadata(terms: Terms) -> Iterator[_Row]:
    """What the pipeline says about itself, as far as it is flat; the rest is for programs."""
    flat = [(k, v) for k, v in terms.metadata.items() if isinstance(v, str | int | float) and str(v)]
    for key, value in flat[:_MAX_METADATA]:
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        yield one_line(str(key), 40), one_line(shown, _MAX_VALUE), ""


def _decision_rows(
    order: MailOrder, request: Request, context: Mapping[str, Any], say: partial[str]
) -> Iterator[_Row]:
    if context["state"] != "pending":
        yield say("label.decision"), say(f"state.{context['state']}"), ""
    if context["decided_by"] and order.kind is not MailKind.ACCEPTED:
        names = {a.address: a.name for a in request.terms.approvers if a.name}
        who = (f"{names[by]} <{by}>" if by in names else by for by in context["decided_by"])
        yield say("label.by"), one_line(", ".join(who), _MAX_VALUE), ""
    if context["decided_at"]:
        yield say("label.at"), texts.formatted_time(context["decided_at"]), ""
    if context["because"] and order.kind is MailKind.CANCELLED:
        yield say("label.reason"), context["because"], ""


def _links(
    kind: MailKind, reference: str, settings: ComposeSettings, context: Mapping[str, Any]
) -> dict[str, str]:
    if kind not in ASKING or not reference:
        return {"approve_link": "", "reject_link": ""}
    to = links.reply_address(settings.reply_address, reference, plus_address=settings.plus_address)
    # From a mail that explains as well, the button answers the request.
    asked = context["t"]("subject.request", title=context["title"])
    subject = f"Re: {context['subject'] if kind is MailKind.REMINDER else asked}"
    return {
        f"{name}_link": links.answer_link(
            context[f"{name}_word"], to=to, subject=subject, reference=reference
        )
        for name in ("approve", "reject")
    }


def _body(
    order: MailOrder,
    terms: Terms | None,
    context: Mapping[str, Any],
    templates: Renderer,
    on_fault: FaultHandler,
) -> dict[str, str | Markup]:
    """The question's context: the caller's text and HTML, or a named template with the caller's variables."""
    if terms is not None and order.kind not in _WHOLE:
        return {"body_text": "", "body_html": Markup()}
    source: Mapping[str, Any] = order.facts
    if terms is not None:
        source = {
            "text": terms.text,
            "html": terms.html,
            "template": terms.template,
            "variables": terms.variables,
        }
    text, html = tidy(str(source.get("text", ""))).strip("\n"), str(source.get("html", ""))
    if name := str(source.get("template", "")):
        made = templates.named(name, {**_tidied(source.get("variables") or {}), **context})
        if not isinstance(made, TemplateFault):
            return {
                "body_text": made[0].strip("\n"),
                "body_html": _paragraph(made[0]) if made[1] is None else made[1],
            }
        on_fault(made)
    page = safe_html(html) if html else _paragraph(text)
    return {"body_text": text or html_as_text(page), "body_html": page}


def _paragraph(text: str) -> Markup:
    """Text for the page, in an element that ends a table's last line in programs that show no tables."""
    return Markup('<p style="margin: 0;">{}</p>').format(text_as_html(text))


def _tidied(value: Any) -> Any:
    """The caller's variables without control characters, at every depth."""
    if isinstance(value, str):
        return tidy(value)
    if isinstance(value, Mapping):
        return {str(key): _tidied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tidied(item) for item in value]
    return value
