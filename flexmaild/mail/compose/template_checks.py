"""The faults of an operator's templates, found when they are loaded and not when a mail is sent.

`check_templates` is for settings (`flexmaild check`, start, reload), `check_request` for a request that
names a template, before it is accepted. Both render with sample values and send nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from flexmaild.core import references
from flexmaild.core.errors import NotAllowed
from flexmaild.core.model import Approver, Attachment, MailKind, Request, State, Terms
from flexmaild.core.work import MailOrder
from flexmaild.mail.compose.context import ASKING, ComposeSettings, template_context
from flexmaild.mail.compose.render import (
    RENDER_ERRORS,
    STYLE_SHEET,
    Renderer,
    TemplateFault,
    environment,
    fault_of,
    rendered,
)
from flexmaild.mail.compose.templates import SUFFIXES, builtin_templates
from flexmaild.mail.format import REPLY_MARKER

_NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
_REFERENCE = references.PREFIX + "A" * references.BODY_LENGTH
_BLOCK = Markup("<p>reference</p>")
# Larger than any mail should be; Gmail cuts a page at 102 kB.
_MAX_SOURCE = 200_000


def check_templates(sources: Mapping[str, str]) -> list[TemplateFault]:
    """Every fault of these files (name → text), in the order of the files; none means they can be used."""
    faults = [fault for name in sorted(sources) for fault in _file_faults(name, sources[name])]
    if not faults and sources:
        faults = list(dict.fromkeys(_sample_faults(sources)))
    return faults


def check_request(request: Request, settings: ComposeSettings, now: datetime) -> None:
    """Raises NotAllowed ("template") if the template of a request is missing or fails on its variables."""

    def refuse(fault: TemplateFault) -> None:
        raise NotAllowed("template", str(fault))

    order = MailOrder(MailKind.APPROVAL_REQUEST, request.terms.approvers[0], request.id, 0)
    template_context(order, request, _REFERENCE, settings, now, refuse)


def _file_faults(name: str, source: str) -> Iterator[TemplateFault]:
    if name != STYLE_SHEET and not name.endswith(SUFFIXES):
        cure = f"Name it EVENT.txt.j2 or EVENT.html.j2, or {STYLE_SHEET}; or move it out of the folder."
        yield TemplateFault(name, 0, "this is not the name of a template", cure)
    elif len(source) > _MAX_SOURCE:
        yield TemplateFault(name, 0, f"it is longer than {_MAX_SOURCE} characters", "Shorten it.")
    elif name != STYLE_SHEET:
        try:
            environment({}).compile(source, name, name)
        except TemplateSyntaxError as error:
            yield fault_of(error, name)


def _sample_faults(sources: Mapping[str, str]) -> Iterator[TemplateFault]:
    """Renders every kind of mail, complete and minimal, with the operator's files over ours."""
    plain = environment({**builtin_templates(), **sources})  # not inlined: lines are the file's own
    settings = ComposeSettings("from@example.org", "reply@example.org", "example.org", templates=Renderer())
    for order, request in _samples():
        context = template_context(order, request, _REFERENCE, settings, _NOW, lambda fault: None)
        context["marker"] = REPLY_MARKER if order.kind in ASKING else ""
        context["reference_block"] = _BLOCK
        for suffix in SUFFIXES:
            yield from _render_faults(plain, f"{order.kind.value}{suffix}", context, sources)


def _render_faults(
    plain: ImmutableSandboxedEnvironment, name: str, context: Mapping[str, Any], sources: Mapping[str, str]
) -> Iterator[TemplateFault]:
    try:
        page = rendered(plain, name, context)
    except RENDER_ERRORS as error:
        yield fault_of(error, name)
        return
    if not page.strip():
        yield TemplateFault(name, 0, "it renders to nothing", "Put text into it, or remove the file.")
    if name.endswith(".html.j2"):
        file = name if name in sources else "layout.html.j2"
        for variable, needed in _needed(context):
            if needed not in page:
                cure = f"Put {{{{ {variable} }}}} where it should stand."
                yield TemplateFault(file, 0, f"the page lacks {variable}", cure)


def _needed(context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What each page must show, as (name in the template, what it looks like once rendered)."""
    yield "reference_block", context["reference_block"]
    if context["marker"]:
        yield "marker", context["marker"]
    if context["kind"] in (MailKind.APPROVAL_REQUEST, MailKind.REMINDER):
        yield "approve_link", context["approve_link"].replace("&", "&amp;")
        yield "reject_link", context["reject_link"].replace("&", "&amp;")


def _samples() -> Iterator[tuple[MailOrder, Request | None]]:
    ann = Approver("ann@example.org", "Ann", group="operations", on_behalf_of="bob@example.org")
    full = Terms(
        title="Deploy shop 4.2 to production",
        text="All tests are green.\nThe old version stays available.",
        html="<p>All tests are <b>green</b>.</p>",
        approvers=(ann, Approver("bob@example.org")),
        expires_at=_NOW + timedelta(days=7),
        requester="pipeline@example.org",
        metadata={"Project": "shop"},
        attachments=(Attachment("log.txt", "text/plain", "0" * 64, 10),),
    )
    scanty = Terms("Go?", "", (Approver("ann@example.org"),), _NOW + timedelta(hours=1))
    facts = {"answer": "reject", "comment": "no", "noted": 1, "needed": 2, "why": "empty", "because": "late"}
    for kind in MailKind:
        if kind in (MailKind.NOTIFICATION, MailKind.TEST):
            yield MailOrder(kind, ann, facts={"subject": "Done", "text": "All went well."}), None
            continue
        open_request = Request(references.written_id(bytes(10)), full, _NOW)
        yield MailOrder(kind, ann, open_request.id, 0, facts), open_request
        ended = replace(
            Request(references.written_id(bytes(range(10))), scanty, _NOW),
            state=State.APPROVED,
            decided_by=("x@example.org",),
            decided_at=_NOW,
        )
        yield MailOrder(kind, scanty.approvers[0], ended.id, 0), ended
