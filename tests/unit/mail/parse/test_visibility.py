# ruff: noqa: E501  (pages and styles are data)
"""What hides text, or may, is never certain; what certainly hides it leaves nothing at all."""

import pytest

from flexmaild.mail.parse.html import html_lines
from tests.browser.pages import PLAIN, pages
from tests.browser.verdicts import digest, verdicts

WORD = "unless"


def sure(page: str) -> str:
    return "\n".join(line.sure for line in html_lines(page))


def text(page: str) -> str:
    return "\n".join(line.text for line in html_lines(page))


NOWHERE = [
    '<div style="display:none">{}</div>',
    '<div style="display : NONE">{}</div>',
    '<div style="display:none!important">{}</div>',
    '<div style="d\\69splay:none">{}</div>',
    '<div style="display&#58;none">{}</div>',
    '<div style="color:red;;display:none">{}</div>',
    "<div style='visibility:hidden'>{}</div>",
    "<div style='visibility:collapse'>{}</div>",
    '<span style="font-size:0">{}</span>',
    '<span style="font-size:1px;color:#fff">{}</span>',
    '<span style="opacity:0">{}</span>',
    '<span style="opacity:.05">{}</span>',
    '<div style="position:absolute;left:-9999px">{}</div>',
    '<div style="position:absolute;top:-9999px">{}</div>',
    "<div hidden>{}</div>",
    '<div class="a" hidden>{}</div>',
    '<div hidden="hidden" id=b>{}</div>',
    f'<p title="{"x" * 9000}" style="display:none">{{}}</p>',
    "<!-- {} -->",
    "<!--[if mso]>{}<![endif]-->",
    "<template>{}</template>",
    "<title>{}</title>",
    "<script>{}</script>",
    "<style>/* {} */</style>",
    "<noframes>{}</noframes>",
    "<datalist><option>{}</datalist>",
    '<div style="display:none"><div style="display:block">inner</div>{}</div>',
    '<div style="opacity:0"><div style="opacity:1">{}</div></div>',
    '<input type="hidden" value="{}">',
    '<p style="text-decoration:line-through">{}</p>',
    "<s>{}</s>",
    "<s><b>{}</b></s>",
    "<strike>{}</strike>",
    "<del>{}</del>",
]


@pytest.mark.parametrize("hiding", NOWHERE)
def test_what_is_surely_hidden_or_struck_out_appears_nowhere(hiding: str) -> None:
    page = f"<p>Approve</p>{hiding.format(WORD)}<p>Thanks</p>"
    assert text(page).split() == ["Approve", "Thanks"] or "inner" not in text(page)
    assert WORD not in text(page)
    assert sure(page).split() == ["Approve", "Thanks"]


# Offsets and margins, sizes and cut-offs, logical properties, colours, effects, escapes, functions, fonts.
STYLES = [
    *("position:absolute;left:9999px", "position:fixed;top:-100vh", "position:relative;left:-5000px", "right:-9999px;position:absolute"),
    *("position:absolute;inset:-9999px auto auto", "inset-inline-start:-9999px;position:absolute", "position:sticky;top:9999px"),
    *("text-indent:-9999px", "text-indent:9999px", "text-indent:-90px", "margin-left:-9999px", "margin-left:5000px", "margin:-999px"),
    *("margin-inline-start:-9999px", "padding-left:5000px", "padding-inline-start:9999px", "padding-left:300vw", "margin-top:-500px"),
    *("max-height:0;overflow:hidden", "max-height:0", "height:0;overflow:hidden", "height:1px;overflow:hidden", "height:0"),
    *("width:0;overflow:hidden", "width:0", "width:1px;overflow:hidden", "max-width:0;overflow:hidden;white-space:nowrap"),
    *("block-size:0;overflow:hidden", "max-block-size:0;overflow:clip", "height:20px;overflow:auto", "overflow:hidden"),
    *("clip:rect(0,0,0,0);position:absolute", "clip-path:inset(50%)", "mask:linear-gradient(transparent,transparent)"),
    *("transform:scale(0)", "transform:translateX(-9999px)", "scale:0", "translate:-9999px", "rotate:y 90deg", "zoom:0", "zoom:.01"),
    *("filter:opacity(0)", "filter:alpha(opacity=0)", "mix-blend-mode:screen", "opacity:.3", "content-visibility:hidden", "contain:strict"),
    *("color:white", "color:#fff", "color:#fefefe", "color:transparent", "color:rgba(0,0,0,0)", "color:rgba(0,0,0,.1)", "color:#0000"),
    *("color:snow", "color:hsl(0,0%,100%)", "color:rgb(250 250 250)", "color:lab(100% 0 0)", "color:color(srgb 1 1 1)", "color:oklch(1 0 0)"),
    *("background:#000;color:#000", "background-color:blue;color:#00f", "background:#000", "background:url(a.png)"),
    *("background:linear-gradient(black,black)", "background-clip:text;color:red", "-webkit-text-fill-color:transparent"),
    *("-webkit-text-fill-color:white", "color:var(--x,white)", "display:var(--x,none)", "font-size:calc(0px)", "width:calc(1px)"),
    *("font:0/0 a", "font-size:.1em", "font-size:1%", "font-size:4px", "font-size-adjust:0", "font-size:1vw", "font-size:900px"),
    *("letter-spacing:-1em", "letter-spacing:-20px", "word-spacing:-99px", "line-height:0", "line-height:1px", "vertical-align:-999px"),
    *("unicode-bidi:bidi-override;direction:rtl", "writing-mode:vertical-rl", "z-index:-1;position:relative;top:300px"),
    *("display:flex", "display:contents", "display:table-column", "display:none;display:block", "animation:a 1s", "columns:9"),
    *("all:unset", "mso-hide:all", "mso-font-width:0%", "float:left", "text-shadow:0 0 9px red", "unknown:1"),
    *("font-family:Wingdings", "font-family:'Webdings'", "content:'x'", "box-shadow:inset 0 0 0 99px white", "outline:99px solid white"),
    *("text-decoration:line-through;text-decoration-color:transparent", "-webkit-line-clamp:0", "direction:rtl;text-indent:-40px"),
    "x:" + "y" * 5000,
    "font-size:" + "9" * 5000 + "px",
]  # fmt: skip


@pytest.mark.parametrize("how", ['<p style="{}">{}</p>', "<style>p.a{{{}}}</style><p class=a>{}</p>"])
def test_a_style_that_is_not_on_the_list_makes_its_text_unsure(how: str) -> None:
    pages = {style: how.format(style.replace('"', "'"), WORD) for style in STYLES}
    assert [style for style, page in pages.items() if WORD not in text(page) or WORD in sure(page)] == []


SELECTORS = [
    *("p", "P", ".a", ".A", "#i", "*", "p.a", "div p", "div > p", "b + p", "b ~ p", "[title]", "[title=x]", '[class^="a"]'),
    *("p:nth-child(2)", "p:nth-of-type(1)", "p:not(.b)", "p:first-of-type", "p:last-child", ":is(p,b)", ":where(.a)"),
    *("p:has(i)", "p:lang(en)", "p::first-line", "p::first-letter", "p:hover", ":root p", "body p", "div *", "\\70", "p,::x"),
    *("p:only-of-type", ".a:not(#j):not(.c)", "html p", "p:nth-last-child(1 of .a)", "div p#i.a[title]", "p:focus", "& p"),
]  # fmt: skip


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("doctype", ["", "<!doctype html>"])
def test_a_rule_counts_whatever_its_selector(selector: str, doctype: str) -> None:
    page = f"{doctype}<style>{selector}{{display:none}}</style><div><b>x</b><p class=a id=i title=x>{WORD}<i>y</i></p></div>"
    assert WORD not in sure(page)


AT_RULES = [
    *("@media screen{{{}}}", "@media (min-width:1px){{{}}}", "@supports (x:y){{{}}}", "@layer a{{{}}}", "@scope (div){{{}}}"),
    *("@container (width>1px){{{}}}", "@starting-style{{{}}}", "@import 'a.css';{}", "div{{{}}}", "@media screen{{@media all{{{}}}}}"),
    *("@namespace x 'y';{}", "@font-face{{font-family:x;src:url(y)}}{}", "@counter-style x{{}} @unknown{{{}}}", "<!--{}-->"),
]  # fmt: skip


@pytest.mark.parametrize("rule", AT_RULES)
def test_a_rule_counts_within_any_other(rule: str) -> None:
    assert WORD not in sure(f"<style>{rule.format('p{display:none}')}</style><p>{WORD}</p>")


# Rules inside a rule, and what a forgotten closing brace makes of the next ones.
NESTED = [
    *(".x{{color:red; {}}}", ".x{{color:red}} .y{{ {} .z{{color:blue}}", ".x{{left:1px; {}}}", ".x{{left:1px @media all{{{}}}}}"),
    *(".x{{position:absolute; &:hover{{color:red}} {}}}", ".x{{left:1px; @font-face{{src:url(y)}} {}}}"),
]  # fmt: skip


@pytest.mark.parametrize("rule", NESTED)
def test_a_rule_counts_inside_a_rule(rule: str) -> None:
    page = f"<style>{rule.format('p{display:none}')}</style><p>{WORD}</p>"
    assert WORD in text(page) and WORD not in sure(page)


@pytest.mark.parametrize(
    "page",
    [
        "<details>{}</details>",
        "<details><summary>x</summary>{}</details>",
        "<details><summary>x</summary><summary>{}</summary></details>",
        "<dialog>{}</dialog>",
        "<dialog open>{}</dialog>",
        "<progress>{}</progress>",
        "<meter>{}</meter>",
        "<ruby>a<rp>{}</rp><rt>b</rt></ruby>",
        "<marquee>{}</marquee>",
        "<button>{}</button>",
        "<canvas>{}</canvas>",
        "<bdo dir=rtl>{}</bdo>",
        "<noscript>{}</noscript>",
        "<textarea>{}</textarea>",
        "<select><option>{}</option></select>",
        "<object>{}</object>",
        "<svg><text y=20>{}</text></svg>",
        "<math><mi>{}</mi></math>",
        "<video>{}</video>",
        '<input value="{}">',
        '<img alt="{}">',
        '<font color="white">{}</font>',
        '<font color="fffffe">{}</font>',
        '<font color="chucknorris">{}</font>',
        '<font face="Wingdings">{}</font>',
        "<body text=white>{}",
        "<body bgcolor=black>{}",
        "<body background=a.png>{}",
        "<body link=white><a href=x>{}</a>",
        "<table bgcolor=black><tr><td>{}</td></tr></table>",
        "<table><col style=background:black><tr><td>{}</td></tr></table>",
        "<table cellpadding=900><tr><td>{}</td></tr></table>",
        "<div popover>{}</div>",
        '<div style="visibility:hidden">x<p style="visibility:visible">{}</p></div>',
        '<div style="font-size:0"><table><tr><td>{}</td></tr></table></div>',
        '<p hidden style="display:block">{}</p>',
        '<s><span style="display:inline-block">{}</span></s>',
        "<style>p{{display:block!important}}</style><p style='display:none'>{}</p>",
        "<style>p{{display:block}}</style><p hidden>{}</p>",
        "<style>p{{position:static!important}}</style><p style='position:absolute;left:-9999px'>{}</p>",
        '<div style="color:white"><p>{}</p></div>',
        '<div style="color:white"><p style="color:inherit">{}</p></div>',
        '<div style="background:black"><p style="color:black">{}</p></div>',
        '<div style="background:black;color:white"><p style="background:white">{}</p></div>',
        '<div style="background:black;color:white;height:10px"><br><br>{}</div>',
        '<div style="font-size:50%"><div style="font-size:50%"><div style="font-size:40%">{}</div></div></div>',
        '<div style="margin-left:400px"><div style="margin-left:400px"><p style="margin-left:400px">{}</p></div></div>',
        '<p>{}</p><div style="position:absolute;top:0;left:0;width:100%;height:300px;background:white"></div>',
        '<p>{}</p><div style="margin-top:-60px;height:60px;background:white"></div>',
        '<p>{}</p><img style="position:absolute;top:0;left:0" src="a.png">',
        "<style>body::after{{content:'';position:fixed;inset:0;background:white}}</style><p>{}</p>",
        "<style>p::before{{content:'Do not '}}</style><p>{}</p>",
        "<style>p{{position:absolute}} .a{{left:-9999px}}</style><p class=a>{}</p>",
        "<style>p{{overflow:auto}}</style><p style='height:10px'>{}</p>",
        '<div><template shadowrootmode="open">x</template>{}</div>',
        '<link rel="stylesheet" href="a.css"><p>{}</p>',
        '<p>{}</p><iframe srcdoc="x"></iframe>',
        "<style>a{{}}</style>" * 60 + "<p>{}</p>",
        "<pre>" + "x " * 150 + "{}</pre>",
    ],
)
def test_what_one_program_shows_and_another_does_not_is_unsure_and_yet_there(page: str) -> None:
    shown = page.format(WORD)
    assert WORD in text(shown)
    assert WORD not in sure(shown)


def test_a_closed_details_shows_its_summary() -> None:
    assert sure("<details><summary>a</summary>b</details>").split() == ["a"]


def test_beyond_its_bounds_a_page_is_unsure_as_a_whole() -> None:
    rules = "".join(f".c{i}{{left:1px}}" for i in range(3000))
    assert sure(f"<style>{rules}</style><p>{WORD}</p>").strip() == ""


# The pages of tests/browser and what Chromium showed of them.


def test_the_verdicts_are_about_the_pages_we_read() -> None:
    kept = verdicts()
    assert {page.id: digest(page.html) for page in pages()} == {name: kept[name][0] for name in kept}


def test_nothing_is_sure_that_a_browser_does_not_show() -> None:
    kept = verdicts()
    laxer = [page.html for page in pages() if WORD in sure(page.with_word(WORD)) and not kept[page.id][1]]
    assert laxer == []


def test_what_a_browser_shows_is_there_unless_it_is_struck_out() -> None:
    kept = verdicts()
    lost = [page.html for page in pages() if kept[page.id][1] and WORD not in text(page.with_word(WORD))]
    assert all("line-through" in page or "<s>" in page or "<del>" in page for page in lost)


def test_pages_without_any_trick_are_sure() -> None:
    plain = [page for page in pages() if page.id.startswith("plain")]
    assert len(plain) == len(PLAIN) >= 60
    assert all(verdicts()[page.id][1] for page in plain)
    assert sum(WORD in sure(page.with_word(WORD)) for page in plain) >= 0.95 * len(plain)
