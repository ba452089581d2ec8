"""What a stranger's HTML becomes before it is shown beside our buttons."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexmaild.mail.compose.sanitise import MAX_HTML, html_as_text, safe_html, text_as_html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<script>alert(1)</script>ok", "ok"),
        ("<p onclick=x>a</p>", '<p style="margin: 0 0 14px 0;">a</p>'),
        ("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c"),
        ("<img src=https://x/y.png>pic", "pic"),
        ("<style>p{display:none}</style>a", "a"),
        ('<span style="display: none">Approve</span>seen', "seen"),
        ("<div hidden><p>a</p></div>b", "b"),
        ("<form><input name=q><button>Go</button></form>b", "b"),
        ("<img hidden>a<em title='x>y'>b</em>", "a<em>b</em>"),
        ("<script>if (a < b) { '</p>' }</script>c", "c"),
        ("<span hidden><span>a</span>b</span>c", "c"),
        ("<svg><a href=javascript:x>q</a></svg>b", "b"),
        ("a<br/>b<hr>", "a<br>b<hr>"),
        ("a & b < c &lt;d&gt; &amp;lt;", "a &amp; b &lt; c &lt;d&gt; &amp;lt;"),
        ("<!-- x --><!DOCTYPE html><?php x ?>a", "a"),
        ("<b>never closed", "<b>never closed</b>"),
        ("</td></table></body>after", "after"),
        ("<section hidden>a<p>b</section>c", "c"),
        ("<b style='display:none'>a</b><font style='opacity: 0'>b</font>c", "c"),
        ("<span style='font-size: 0.9em; opacity: 0.5'>seen</span>", "<span>seen</span>"),
        ("<a href='https://x?y=&quot; hidden=&quot;'>seen</a>", '<a style="color: #0b5cad;">seen</a>'),
        ("<div><u>a</div>b", '<div style="margin: 0 0 14px 0;"><u>a</u></div>b'),
    ],
)
def test_only_harmless_tags_remain(html: str, expected: str) -> None:
    assert safe_html(html) == expected


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "//x.example", "/x", "java\nscript:x", "cid:x"]
)
def test_links_go_to_the_web_or_to_mail_only(target: str) -> None:
    assert "href" not in safe_html(f'<a href="{target}">x</a>')


def test_honest_links_stay() -> None:
    assert 'href="https://ci.example.org/?a=1&amp;b=2"' in safe_html(
        '<a href="https://ci.example.org/?a=1&b=2">x</a>'
    )
    assert 'href="mailto:a@example.org"' in safe_html('<a href="mailto:a@example.org">x</a>')


PIECES = st.sampled_from(
    ["<p>", "</p>", "<a href='https://x'", ">", "<table><tr><td>", "</td>", "<script>", "</script>", "<!--",
     "-->", "<svg/onload=x>", "<b", " style='", '"', "'", "text", "&lt;", "&#x0;", "<![CDATA[", "<?", "</",
     "\x00", "\u202e"]
)  # fmt: skip


class Balance(HTMLParser):
    depth = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.depth += tag not in ("br", "hr")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1


@given(st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join))
def test_whatever_comes_in_what_goes_out_is_balanced_and_harmless(html: str) -> None:
    safe = str(safe_html(html))
    balance = Balance()
    balance.feed(safe)
    assert balance.depth == 0
    tags = re.findall(r"<([^>]*)>", safe)
    assert not [t for t in tags if re.match(r"/?(script|svg|style|img|form|iframe)", t) or "onload" in t]


def test_what_is_too_long_is_shown_as_text() -> None:
    assert "<b>" not in safe_html("<b>x</b>" * (MAX_HTML // 7))


@pytest.mark.parametrize(
    "piece", ["<!--", "<a ", "<a b=c ", "<x/", '<b x="', "</", "&#", "<div hidden>", "<?", "&#9"]
)
def test_a_flood_is_read_in_one_pass(piece: str) -> None:
    """The standard parser needs more than a minute for some of these"""
    safe_html((piece * MAX_HTML)[:MAX_HTML])


@pytest.mark.parametrize("name", ["b", "font", "nobr", "a", "span"])
def test_elements_that_a_browser_opens_again_in_each_paragraph_do_not_multiply(name: str) -> None:
    """Nine kilobytes of these grew to four megabytes, and a hundred to gigabytes."""
    html = "<p>" + "".join(f"<{name} n={n}>" for n in range(400)) + "<p>x" * 1000
    assert len(safe_html(html)) < 20 * len(html)


def test_what_stands_too_deep_keeps_its_text_and_loses_its_tags() -> None:
    """css-inline, which may read the page again, overflows the stack at some thousands."""
    safe = safe_html("<div>" * 9000 + "deep" + "</div>" * 9000)
    assert safe.count("<div") == safe.count("</div") == 40
    assert "deep" in safe


def test_a_number_too_long_for_a_character_is_no_error() -> None:
    assert safe_html("&#" + "9" * 5000 + ";a&#x202e;b&#0;") == "\ufffdab\ufffd"


def test_html_has_a_plain_reading_for_the_text_part() -> None:
    html = safe_html(
        "<p>One &amp; <b>two</b></p><ul><li>x<li>y</ul><table><tr><td>1</td><td>2</td></tr></table>"
    )
    assert html_as_text(html).split("\n")[0] == "One & two"
    assert [line.strip() for line in html_as_text(html).split("\n") if line.strip()][-1] == "1  2"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("One<ul><li>x</li><li>y</li></ul>two", "One\nx\ny\ntwo"),
        ("<div>One<p>two</p>three</div>", "One\ntwo\nthree"),
        (
            "<p>wrapped\n  in the <b>source</b>\n</p>\n<p>next<br><br>last</p>",
            "wrapped in the source\nnext\n\nlast",
        ),
        ("<p>a</p><pre>b\n  c</pre><p>d</p>", "a\n\nb\n  c\n\nd"),
        ("<tr><th>a</th><td>b</td></tr>", "ab"),
        ("<table><tr><th>a</th><td>b</td></tr><tr><td>c</td></tr></table>d", "a  b\nc\nd"),
        ("<style>p{}</style><!-- <b>x</b> --><p hidden>h</p>a &lt;b&gt; &amp;lt;", "a <b> &lt;"),
    ],
)
def test_the_plain_reading_has_the_lines_of_the_page(html: str, expected: str) -> None:
    assert html_as_text(html) == expected


def test_text_keeps_its_lines_and_indents() -> None:
    assert text_as_html("a <b>\n  c\r\nd") == "a &lt;b&gt;<br>\n&nbsp; c<br>\nd"
