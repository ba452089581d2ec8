# ruff: noqa: E501  (pages are data)
"""What a person sees of an HTML part: its lines, what of them is certain, and what it costs."""

import contextlib
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.mail.parse.all_text import page_text
from flexmaild.mail.parse.html import html_lines
from flexmaild.mail.parse.html_tree import TooComplex
from tests.support.examples import examples
from tests.unit.mail.costs import grows_with_size, least


def shown(page: str) -> list[str]:
    return [line.text for line in html_lines(page)]


def sure(page: str) -> str:
    return "\n".join(line.sure for line in html_lines(page))


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        ("", []),
        ("Approve", ["Approve"]),
        ("App<b></b>rove", ["Approve"]),
        ("App<wbr>rove<caret></caret>", ["Approve"]),
        ("<b>Approve</b> looks good", ["Approve looks good"]),
        ("<div>one</div><div>two</div>", ["one", "two"]),
        ("<div>one<div>two</div>three</div>", ["one", "two", "three"]),
        ("<div><div><div>one</div></div></div><div>two</div>", ["one", "two"]),
        ("<div>one</div><div><br></div><div>three</div>", ["one", "", "three"]),
        ("<div>one<br></div><div>two</div>", ["one", "two"]),
        ("one<br><br><br><br>two", ["one", "", "two"]),
        ("<p>one</p><p>&nbsp;</p><p>two</p>", ["one", "", "two"]),
        ("<p>one</p>\n\n  <p>two</p>", ["one", "two"]),
        ("<p>Approve&nbsp;thanks \n so much</p>", ["Approve thanks so much"]),
        ("<p>&#65;pprove &amp; go</p>", ["Approve & go"]),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", ["a b", "c"]),
        ("<table>first<tr><td>b</table>", ["first", "b"]),
        ("<ul><li>a<li>b</ul>", ["a", "b"]),
        ("<pre>a\nb\n\nc</pre>", ["a", "b", "", "c"]),
        ('<div style="white-space:pre-wrap">a\nb</div>', ["a", "b"]),
        ("<p>a<hr>b", ["a", "__________", "b"]),
        ("<details><summary>a</summary>unless b</details>", ["a", "unless b"]),
        ("<p title='a > b'>Approve</p>", ["Approve"]),
        ("<p title='a>Approve", []),
        ("<form><form>a</form>b</form>", ["a", "b"]),
        ("a<plaintext>b<i>", ["a", "b<i>"]),
        ("a<!-- b", ["a"]),
        ("<p>a\0b", ["ab"]),
        ('<span style="display:block">a</span><span style="display:block">b</span>', ["a", "b"]),
        ('<div style="display:inline">Dis</div><div style="display:inline">approve</div>', ["Disapprove"]),
        ('<div style="display:none">a</div>b', ["b"]),
        ("<p>No <s>not</s> <del>never</del> <strike>x</strike>yes<ins>!</ins></p>", ["No yes!"]),
        ('<p><span style="text-decoration: line-through">not</span> now</p>', ["now"]),
        ('<img alt="👍" src="x"><img alt="a photograph of the whole team" src="y">', ["👍"]),
        ('<p>Approve <span style="font-family:Wingdings">J</span></p>', ["Approve ☺"]),
    ],
)
def test_lines_end_where_a_browser_ends_them(page: str, lines: list[str]) -> None:
    assert shown(page) == lines


def test_blockquotes_give_the_depth_and_hr_a_rule() -> None:
    page = "<p>a</p><blockquote>b<blockquote><p>c</p></blockquote>d</blockquote><hr>e"
    assert [(line.text, line.depth, line.mark) for line in html_lines(page)] == [
        ("a", 0, ""),
        ("b", 1, ""),
        ("c", 2, ""),
        ("d", 1, ""),
        ("__________", 0, "rule"),
        ("e", 0, ""),
    ]


@pytest.mark.parametrize(
    "mark",
    [
        *('id="Signature"', 'id="x_Signature"', 'id="x_x_Signature"', 'class="gmail_signature"'),
        *('class="m_-123456gmail_signature"', 'class="yiv123456moz-signature"', 'class="moz-signature" cols="72"'),
        *('id="ms-outlook-mobile-signature"', "id=AppleMailSignature", 'class="ecxgmail_signature"'),
        *('id="ymail_android_signature"', 'class="a MsoAutoSig b"', 'class="zm_-12_parse_-5gmail_signature"'),
        *('id="composer_signature"', 'id="m_12Signature"', 'class="x_-99gmail_signature"'),
    ],
)  # fmt: skip
def test_what_mail_programs_mark_as_signature_is_marked(mark: str) -> None:
    lines = html_lines(f"<div>Approve</div><div {mark}>Ann<div>Corp</div></div><div>below</div>")
    assert [line.mark for line in lines] == ["", "signature", "signature", ""]


def test_a_line_that_is_partly_signature_is_none() -> None:
    page = '<div>not yet <span class="gmail_signature">Ann</span></div><div class="signatures">x</div>'
    assert [line.mark for line in html_lines(page)] == ["", ""]


@pytest.mark.parametrize(
    "page",
    [
        "<p class=MsoNormal><span lang=EN-US style='mso-fareast-language:EN-US'>Approve<o:p></o:p></span></p>",
        "<p class=MsoListParagraph style='margin-left:36.0pt;text-indent:-18.0pt;mso-list:l0 level1 lfo1'>"
        "<![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·"
        "<span style='font:7.0pt \"Times New Roman\"'>&nbsp; </span></span></span><![endif]>Approve</p>",
        '<style>p.MsoListParagraph {margin-left:36.0pt;}</style><p class="MsoListParagraph"'
        ' style="text-indent:-18.0pt">Approve</p>',
        '<div class="elementToProof" style="font-family: Aptos, Aptos_EmbeddedFont, sans-serif; font-size: 12pt;'
        ' color: rgb(0, 0, 0);">Approve</div>',
        '<body style="overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">'
        "Approve</body>",
        '<div dir="auto" style="direction: rtl; unicode-bidi: embed; text-align: right">Approve</div>',
        '<div style="font-family: verdana; font-size: 10pt; color: #333333; background: #ffffff none repeat">'
        "Approve</div>",
        '<p style="margin:0px; font-style:normal; font-weight:400; letter-spacing:normal; orphans:2;'
        ' text-indent:0px; white-space:normal; widows:2; word-spacing:0px; -webkit-text-stroke-width:0px;'
        ' text-decoration-style:initial; float:none; display:inline!important">Approve</p>',
        '<font color="#1F497D" face="sans-serif" size="2"><tt>Approve</tt></font>',
        '<body text="#000000" bgcolor="#FFFFFF" link="#0563C1" vlink="#954F72"><p>Approve</p>',
        '<div id="m_1x"><p style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">Approve',
        "<style>@media (max-width:480px){.card{padding:2px!important}} @media (prefers-color-scheme: dark)"
        " {.card{background-color:#171b21!important;color:#e4e8ee!important}}</style><p>Approve</p>",
        '<style><!-- @font-face {font-family:"Cambria Math"; panose-1:2 4 5 3;} v\\:* {behavior:url(#default#VML);}'
        " p.MsoNormal, li.MsoNormal {margin:0cm; font-size:11.0pt; mso-ligatures:standardcontextual;}"
        " a:link {mso-style-priority:99; color:#0563C1;} @page W {size:612.0pt;} div.W {page:W;}"
        " @list l0 {mso-list-id:1;} .MsoChpDefault {mso-style-type:export-only;} --></style>"
        "<body lang=EN-US><div class=W><p class=MsoNormal>Approve</p></div>",
        "<style>.quoted{display:none} .x:hover{color:white}</style><p class=typed>Approve</p>",
        '<div>Approve<ext-ension style="position:absolute;top:0;left:0"></ext-ension></div>',
        '<pre class="moz-quote-pre" wrap="">Approve</pre>',
        '<div style="color:#808080;font-size:8pt">Approve</div>',
        '<div style="background:#1a73e8;color:#ffffff">Approve</div>',
        '<table bgcolor="#1a73e8"><tr><td><font color="white">Approve</font></td></tr></table>',
    ],
)  # fmt: skip
def test_what_mail_programs_write_for_ordinary_text_is_sure(page: str) -> None:
    lines = html_lines(page)
    assert any(line.sure.endswith("Approve") for line in lines)
    assert all(line.sure == line.text for line in lines)


def test_sure_is_the_same_object_where_nothing_is_in_doubt() -> None:
    assert all(line.sure is line.text for line in html_lines("<p>Approve</p><p>and <b>go</b></p>"))


def test_all_words_of_our_own_mails_hidden_ones_too() -> None:
    page = (
        "<html><head><title>t</title><style>p{}</style></head><body><div style='display:none'>pre</div>"
        "<table><tr><td>a</td><td><a href='https://a.test/1?x=1&amp;y=2'>b</a></td></tr></table>c<br>d"
        "<a href=''>e</a><script>no</script></body></html>"
    )
    assert page_text(page).text == "pre\na b\nc\nde"
    assert page_text(page).links == ("https://a.test/1?x=1&y=2",)


def test_a_reference_of_any_length_is_harmless() -> None:
    assert shown(f"<p>a&#{'9' * 5000};b</p>") == ["a\N{REPLACEMENT CHARACTER}b"]


# What may make a parser, or us, slow; each for a number of characters.
COSTLY: dict[str, Callable[[int], str]] = {
    "paragraphs": lambda n: "<p>x" * (n // 4),
    "lines": lambda n: "<pre>" + "a\n" * (n // 2),
    "comments": lambda n: "<!--" * (n // 4),
    "unclosed quotes": lambda n: '<a b="' * (n // 6),
    "rules": lambda n: "<style>" + "a{}" * (n // 3) + "</style><p>x",
    "sheets": lambda n: "<style>p{color:red}</style>" * 40 + "<p>x" * (n // 4),
    "universal rules": lambda n: "<style>" + "*{color:red}" * (n // 100) + "</style>" + "<p>x" * (n // 8),
    "classes": lambda n: f'<style>.c1{{display:none}}</style><p class="{"c7 " * (n // 3)}">x',
    "attributes": lambda n: "<a " + "b " * (n // 2) + ">x",
    "a long style": lambda n: f'<p style="{"a:b;" * (n // 4)}">x',
    "styles": lambda n: "".join(f"<p style=left:{i}.{n}px>x" for i in range(n // 30)),
    "braces": lambda n: "<style>a{x:" + "{" * n,
    "cells": lambda n: "<table>" + "<td>x" * (n // 5),
    "foster parents": lambda n: "<table>" + "x<i>y</i>" * (n // 9),
    "options": lambda n: "<select>" + "<option>x" * (n // 9),
    "end tags": lambda n: "<div>" * 300 + "</b>" * (n // 4),
    "moved elements": lambda n: "<i style=position:absolute></i>" * (n // 31),
    "emoji": lambda n: "<img alt=👍>" * (n // 11),
    "renamed classes": lambda n: f'<p class="Signature {"x_" * (n // 2)}">x',
}


def cost(build: Callable[[int], str], size: int) -> float:
    """The least of three, each of another page: what was read before is kept."""

    def read(page: str) -> None:
        with contextlib.suppress(TooComplex):
            html_lines(page)

    return least(partial(read, build(size + more)) for more in (0, 200, 400))


@pytest.mark.slow
@pytest.mark.parametrize("kind", COSTLY)
def test_cost_grows_with_the_size_and_not_faster(kind: str) -> None:
    assert grows_with_size(*(cost(COSTLY[kind], size) for size in (10_000, 40_000)))


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 20_000,
        "".join(f"<b a={i}>" for i in range(390)) + "<p>x" * 2_000,
        "<span><div></span></div>" * 3_000,
        "<div><table></div></table>" * 3_000,
        '<div "><div "><div>' * 3_000,
        "<svg><g><![CDATA[></g>]]>" * 3_000,
        "<a " + " ".join(f"b{i}" for i in range(20_000)) + ">",
        "<form><ul></form>" * 3_000,
        "<li><dd>" * 3_000,
    ],
)
def test_what_would_cost_too_much_is_refused_before_it_is_parsed(page: str) -> None:
    with pytest.raises(TooComplex):
        html_lines(page)
    assert issubclass(TooComplex, ValueError)


def test_deep_but_ordinary_threads_are_read() -> None:
    page = "<div><blockquote>" * 60 + "<p>x" * 500 + "</blockquote></div>" * 60 + "<p>y</p>"
    assert shown(page)[-1] == "y"


PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<div", ">", "<b style='", "display:none", "color:#fff;", "font-size:0", "'>", "</div>"),
        *("<style>", "</style>", "p{", "}", ".a", ":not(", "@media ", "{", "content:'x'", "<table>", "<td>", "</td>"),
        *("<!--", "-->", "<![CDATA[", "&#0;", "&#x110000;", "&nbsp;", "\0", "\ud800", "é", "👍", "\u2028", "\n"),
        *("<details>", "<summary>", "<select>", "<option>", "<svg>", "<template>", "<img alt=", "<hr>", "<br>"),
        *("<s>", "class=a ", "hidden ", "id=Signature ", "<font color=", "white", "<font face=Wingdings>", "J", "a b"),
        *("position:absolute;", "left:-9999px;", "margin:-9px;", "calc(", "9" * 5000, "\\", '"', "<col style=x>"),
    ]
)  # fmt: skip


@examples(400)
@given(st.lists(PIECES | st.text(max_size=4), max_size=40).map("".join))
def test_any_page_is_read_and_what_is_sure_is_part_of_what_may_be_seen(page: str) -> None:
    try:
        lines = html_lines(page)
        page_text(page)
    except TooComplex:
        return
    for line in lines:
        assert "\n" not in line.text and "\n" not in line.sure
        letters = iter(line.text)
        assert all(letter in letters for letter in line.sure if not letter.isspace())
