"""Templates in a sandboxed Jinja2 environment; an operator's templates replace ours.

A template that cannot be rendered when a mail goes out never stops the mail: ours takes its place and the
fault is reported. `compose.template_checks` finds the faults before, when settings are loaded. Called by
`compose.context` and `compose.write`; sources come as a mapping, nothing here opens a file.
"""

import sys
import traceback
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from types import FrameType
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateRuntimeError, TemplateSyntaxError
from jinja2.runtime import Context as JinjaContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from flexmaild.mail.compose.inline import inlined_page, inlined_template
from flexmaild.mail.compose.sanitise import html_as_text, text_as_html
from flexmaild.mail.compose.templates import SUFFIXES, builtin_templates

STYLE_SHEET = "style.css"
# What evaluating an operator's template can raise: Jinja2's own errors and Python's for wrong operands.
RENDER_ERRORS = (
    TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip

# Lines of Python that one rendering may run. A long mail of ours takes some 20,000; so many take a second.
_MOST_STEPS = 2_000_000
# What one operator may make: bits of a number, length of a text or list. 9**(9**9) is one step without end.
MOST_BITS, MOST_LENGTH = 20_000, 10_000_000

Context = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """What is wrong with a template; `file` is its name, `line` counts from 1, 0 where none is known."""

    file: str
    line: int
    text: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}. {self.cure}"


FaultHandler = Callable[[TemplateFault], None]


class Renderer:
    """Renders by name; `sources` (name → text) are an operator's files and win over ours."""

    def __init__(self, sources: Mapping[str, str] | None = None) -> None:
        self._builtin = _TemplateSet(builtin_templates(), is_ours=True)
        self._stock = _TemplateSet({**builtin_templates(), **sources}) if sources else self._builtin
        self.custom = frozenset(sources or ()) - frozenset(builtin_templates())

    def event(self, kind: str, context: Context, on_fault: FaultHandler) -> tuple[str, str]:
        """The text and the HTML of the mail of that kind; our own templates where the operator's fail."""
        text = self._page_with_fallback(f"{kind}.txt.j2", context, on_fault)
        return text, self._page_with_fallback(f"{kind}.html.j2", context, on_fault)

    def has(self, name: str) -> bool:
        """Whether the operator has a template of that name."""
        return any(f"{name}{suffix}" in self.custom for suffix in SUFFIXES)

    def named(self, name: str, context: Context) -> tuple[str, Markup | None] | TemplateFault:
        """An operator's template NAME.txt.j2, NAME.html.j2 or both, for the middle part of a mail."""
        files = [f for f in (f"{name}.txt.j2", f"{name}.html.j2") if f in self.custom]
        if not files:
            known = ", ".join(sorted({f.partition(".")[0] for f in self.custom})) or "none"
            return TemplateFault(name, 0, f"there is no template {name!r}", f"Templates there are: {known}.")
        done: dict[str, str] = {}
        for file in files:
            try:
                done[file] = self._stock.render(file, context)
            except RENDER_ERRORS as error:
                return fault_of(error, file)
        html = done.get(f"{name}.html.j2")
        text = done.get(f"{name}.txt.j2")
        if text is None:
            text = html_as_text(html or "")
        return text, Markup(html) if html is not None else None  # noqa: S704  (the operator's own)

    def _page_with_fallback(self, name: str, context: Context, on_fault: FaultHandler) -> str:
        if self._stock is not self._builtin:
            try:
                return self._stock.page(name, context)
            except RENDER_ERRORS as error:
                on_fault(fault_of(error, name))
        return self._builtin.page(name, context)


class _TemplateSet:
    """A set of templates, ready to render."""

    def __init__(self, sources: Mapping[str, str], *, is_ours: bool = False) -> None:
        self._is_ours = is_ours
        self._sources = dict(sources)
        self._late = False
        self._environment = environment(self._sources)
        self._inline_styles()

    def page(self, name: str, context: Context) -> str:
        page = self.render(name, context)
        return inlined_page(page) if self._late and name.endswith(".html.j2") else page

    def render(self, name: str, context: Context) -> str:
        if self._is_ours:
            return self._environment.get_template(name).render(context)
        return rendered(self._environment, name, context)

    def _inline_styles(self) -> None:
        """Writes each rule into the tags of the templates; if that fails for one, into each rendered page."""
        css = self._sources[STYLE_SHEET]
        pages = {name: text for name, text in self._sources.items() if name.endswith(".html.j2")}
        with_sheet = {
            n: t.replace("</head>", f"<style>\n{css}</style>\n</head>", 1) for n, t in pages.items()
        }
        try:
            ready = {n: inlined_template(self._environment, t, css) for n, t in with_sheet.items()}
        except TemplateSyntaxError:
            ready = {"": None}  # reported by name when it is checked or rendered
        self._late = None in ready.values()
        self._sources.update(with_sheet if self._late else {n: t for n, t in ready.items() if t is not None})
        self._environment = environment(self._sources)


def rendered(environment: ImmutableSandboxedEnvironment, name: str, context: Context) -> str:
    """The page. Raises one of RENDER_ERRORS, also for a template that would not end: it would stop the thread
    that sends mail, or the one that reads settings, for ever."""
    left = _MOST_STEPS

    def step(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal left
        left -= event == "line"
        if left < 0:
            raise TemplateRuntimeError(f"it does not end: {_MOST_STEPS:,} steps were not enough")
        return step

    template, before = environment.get_template(name), sys.gettrace()
    sys.settrace(step)
    try:
        return template.render(context)
    finally:
        sys.settrace(before)


class _Environment(ImmutableSandboxedEnvironment):
    """A sandbox in which no single operation runs without end."""

    intercepted_binops = frozenset(("*", "**"))

    def call_binop(self, context: JinjaContext, operator: str, left: Any, right: Any) -> Any:
        if _is_endless(operator, left, right):
            raise TemplateRuntimeError(f"the result of {operator} would be too large")
        return super().call_binop(context, operator, left, right)


def _is_endless(operator: str, left: Any, right: Any) -> bool:
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * right if operator == "**" else left.bit_length() + right.bit_length()
        return bits > MOST_BITS
    times = next((n for n in (left, right) if isinstance(n, int)), 0)
    length = next((len(s) for s in (left, right) if isinstance(s, Sized)), 0)
    return times * length > MOST_LENGTH


def environment(sources: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    """The Jinja2 environment: sandboxed, nothing undefined, values escaped in .html.j2, no file access."""

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        # The second item becomes the file name in tracebacks, which is how a fault finds its line.
        return (sources[name], name, lambda: True) if name in sources else None

    made = _Environment(
        loader=FunctionLoader(load),
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters["lines"] = text_as_html
    return made


def fault_of(error: BaseException, name: str) -> TemplateFault:
    """Where a template failed and what to do about it."""
    file, line = name, 0
    if isinstance(error, TemplateSyntaxError):
        file, line = error.name or name, error.lineno
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename.endswith(".j2"):
                file, line = frame.filename, frame.lineno or 0
    text = " ".join(str(error).split())[:300] or type(error).__name__
    return TemplateFault(file, line, text, _cure(error))


def _cure(error: BaseException) -> str:
    if isinstance(error, TemplateSyntaxError):
        return "Correct the Jinja2 syntax of this line."
    if "undefined" in str(error):
        return "docs/templates.md lists the names; `{{ name | default('') }}` allows for a missing one."
    return "Correct what this line computes."
