"""A program that writes HTML, described: a page with holes, how it types a line, what it does to a quote.

The holes ($name) of a page are filled with what the person typed there; a client has the slots whose holes
its page has. The text part is made of the finished page, as the program would make it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from string import Template

from tests.layouts.mime import alternative, escape, mail, part
from tests.layouts.model import Client, Draft, Original
from tests.layouts.pages import Rules, Wrap, block, text_of
from tests.layouts.phrases import SIGNATURE, SUBJECT, attribution, header_block, phone, written
from tests.layouts.places import BOTTOM, HTML_QUOTE, SPLIT, TOP, below_lines, quoted_page

Head = Callable[[Original, Draft, str], str]
ToText = Callable[[str, Original, Draft, str], str]


_div = block("div")


@dataclass(frozen=True, slots=True)
class Layout:
    """page: with $top, $signature, $mobile, $insignature, $aftersignature, $aftermobile, $container, $glue,
    $head, $under, $open, $quote, $close, $below, $dashes.

    head: attribution or header block. bare: the first typed line stands bare. remade: what becomes of our
    page. rules: how the text part is made; None: there is none. open, close: of the quotation, where an
    answer may split it. signature: with $rows. mobile: whose line it adds (`phrases.PHONE`).
    """

    page: str
    head: Head
    line: Wrap = _div
    bare: bool = False
    remade: Callable[[str], str] = str
    open: str = ""
    close: str = "</blockquote>"
    rules: Rules | ToText | None = field(default_factory=Rules)
    signature: str = ""
    mobile: str = ""
    charset: Iterable[str] | str = "utf-8"
    encoding: str = "quoted-printable"
    mark: str = ""
    headers: tuple[str, ...] = ()
    answers: bool = False  # translates the "Re:" of the subject
    separate: bool = False  # an empty line between a signature and what is typed below it
    without: frozenset[str] = frozenset()


_HOLES = {
    "aftersignature": "after-signature",
    "aftermobile": "after-mobile",
    "insignature": "in-signature",
    "container": "container",
    "dashes": "below-dashes",
    "under": "under-attribution",
}


def client(layout: Layout) -> Client:
    def build(original: Original, draft: Draft, language: str) -> bytes:
        page = _page(layout, original, draft, language)
        how = {"charset": layout.charset, "encoding": layout.encoding}
        if layout.rules is None:
            content = part(page, "html", **how)  # type: ignore[arg-type]
        else:
            rules = layout.rules
            text = (
                text_of(page, rules) if isinstance(rules, Rules) else rules(page, original, draft, language)
            )
            content = alternative(text, page, mark=layout.mark, **how)
        prefix = SUBJECT[language] if layout.answers else "Re:"
        return mail(original, content, *layout.headers, prefix=prefix)

    return Client("", build, _slots(layout))


def _slots(layout: Layout) -> frozenset[str]:
    slots = set(TOP | HTML_QUOTE | BOTTOM | {"glued"})
    slots |= {slot for hole, slot in _HOLES.items() if f"${hole}" in layout.page}
    if layout.open:
        slots |= SPLIT | {"split-table"}
    if layout.signature:
        slots |= {"signature", "signature-end"}
    if layout.head in _BLOCKS:
        slots.add("header-end")
    return frozenset(slots - layout.without)


def _page(layout: Layout, original: Original, draft: Draft, language: str) -> str:
    line = layout.line

    def typed(slot: str, apart: bool = False) -> str:
        lines = draft.at(slot)
        return "".join(map(line, ("", *lines) if apart and lines else lines))

    top = list(draft.at("top"))
    first = escape(top.pop(0)) if layout.bare and top else ""
    rows = "<br>".join(map(escape, (*SIGNATURE, *draft.at("signature-end"))))
    return Template(layout.page).substitute(
        top=first + "".join(map(line, top)),
        signature=Template(layout.signature).substitute(rows=rows) if draft.signature else "",
        mobile=escape(phone(layout.mobile, language)) if layout.mobile else "",
        aftersignature=typed("after-signature", layout.separate),
        aftermobile=typed("after-mobile"),
        insignature="".join(
            f'<div id="ms-outlook-mobile-signature">{escape(t)}</div>' for t in draft.at("in-signature")
        ),
        container=typed("container"),
        dashes=typed("below-dashes", apart=True),
        glue=escape(" ".join(draft.at("glued"))),
        head=layout.head(original, draft, language),
        under=typed("under-attribution"),
        open=layout.open,
        quote=quoted_page(layout.remade(original.body), draft, line, layout.close, layout.open),
        close=layout.close if layout.open else "",
        below="".join(map(line, below_lines(draft))),
    )


# ---------------------------------------------------------------------------------------- head of a quote


def wrote(program: str, linked: bool = False, broken: bool = False) -> Head:
    """An attribution. linked: the address is a link; broken: it stands on a line of its own."""

    def head(original: Original, draft: Draft, language: str) -> str:
        line = escape(attribution(program, original, language)).replace("\n", "<br>")
        if linked:
            link = f'<a href="mailto:{original.sender}">{original.sender}</a>'
            line = line.replace(original.sender, link)
        return line.replace("&lt;", "<br>&lt;", 1) if broken else line

    return head


def labelled(
    dated: bool = False,
    bold: bool = True,
    gap: str = " ",
    end: str = "<br>",
    order: tuple[int, ...] = (0, 1, 2, 3),
    colon: str = ":",
    when: str = "",
) -> Head:
    """A block of labels. order: of from, date, to, subject. when: the program's own form of the date."""

    def head(original: Original, draft: Draft, language: str) -> str:
        rows = header_block(original, language, dated)
        if when:
            rows[1] = (rows[1][0], written(when, original, language))
        form = "<b>{}{}</b>{}{}" if bold else "{}{}{}{}"
        shown = [form.format(*(rows[at][0], colon, gap, escape(rows[at][1]))) for at in order]
        return end.join(shown) + "".join(f" {escape(typed)}" for typed in draft.at("header-end"))

    _BLOCKS.append(head)
    return head


_BLOCKS: list[Head] = []
