"""What a person sees of an HTML reply decides, and nothing else."""

from __future__ import annotations

import pytest

from tests.unit.mail.mails import MARKER, mail, parts, read, said

HIDDEN = [
    '<div style="display:none">{}</div>',
    '<div style="display : NONE">{}</div>',
    "<div style='visibility:hidden'>{}</div>",
    '<span style="font-size:0">{}</span>',
    '<span style="font-size:1px;color:#fff">{}</span>',
    '<span style="opacity:0">{}</span>',
    '<div style="position:absolute;left:-9999px">{}</div>',
    '<div style="text-indent:-999em">{}</div>',
    '<div style="display&#58;none">{}</div>',
    "<div hidden>{}</div>",
    '<div hidden="hidden">{}</div>',
    "<!-- {} -->",
    "<!--[if mso]>{}<![endif]-->",
    "<template>{}</template>",
    "<title>{}</title>",
    "<script>{}</script>",
    "<style>{}</style>",
    "<textarea>{}</textarea>",
    '<div style="display:none"><div>inner</div>{}</div>',
    "<select><option>{}</option></select>",
]
DOUBTFUL = [
    '<div style="color:white">{}</div>',
    '<div style="color: #FFFFFF">{}</div>',
    '<font color="white">{}</font>',
    '<div style="max-height:0">{}</div>',
    '<style>.x {{display:none}}</style><div class="x">{}</div>',
    "<style>@media screen {{ #y {{ font-size:0 }} }}</style><p id=y>{}</p>",
    '<div style="dis/**/play:none">{}</div>',
    '<div style="d\\69splay:none">{}</div>',
]


def html(body: str) -> bytes:
    return mail("Content-Type: text/html; charset=utf-8", body=body)


@pytest.mark.parametrize("hiding", HIDDEN)
def test_hidden_text_never_counts(hiding: str) -> None:
    assert said(html(hiding.format("Approve") + "<p>Reject</p>")) == "reject"
    assert said(html(hiding.format("Approve"))) == "empty"
    assert said(html(hiding.format("Reject") + "<p>Approve</p>")) == "approve"


@pytest.mark.parametrize("hiding", DOUBTFUL)
def test_text_that_some_may_see_and_others_not_makes_it_undecided(hiding: str) -> None:
    assert said(html(hiding.format("Approve") + "<p>Reject</p>")) in ("parts_disagree", "both_words")
    assert said(html("<p>Approve</p>" + hiding.format("if tests pass"))) in ("parts_disagree", "condition")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>Approve</p>", "approve"),
        ("App<b></b>rove", "approve"),
        ("<b>Approve</b> looks good", "approve"),
        ("<div>Approve</div><div>only if tests pass</div>", "condition"),
        ("<p>&nbsp;</p><p>Approve</p>", "approve"),
        ("<p>Approve&nbsp;thanks</p>", "approve"),
        ("<p>&#65;pprove</p>", "approve"),
        ("<p>&#1040;pprove</p>", "stray_characters"),
        ("<p>Approve&#8203;</p>", "stray_characters"),
        ("<p>Approve<br>Reject</p>", "both_words"),
        ("<table><tr><td>Approve</td><td>Reject</td></tr></table>", "both_words"),
        ("<pre>Approve\nif green</pre>", "condition"),
        ("<body><P>Approve</P></body>", "approve"),
        ("<p title='a > b'>Approve</p>", "approve"),
        ('<p title="display">Approve', "approve"),
        ("<blockquote>Approve</blockquote>", "empty"),
        ("<p>see below</p><blockquote>Approve</blockquote>", "no_action_word"),
        ("<style>p{color:red}</style><p>Approve</p>", "approve"),
        ("<head><title>x</title></head><body><p>Approve</p></body>", "approve"),
        ('<span style="font-size:0.9em">Approve</span>', "approve"),
        ('<span style="font-size:10pt;color:#1f497d;background-color:#fff">Approve</span>', "approve"),
        (f"<p>Approve</p><p>{MARKER}</p><p>Reject</p>", "approve"),
        ('<p>Approve</p><div id="divRplyFwdMsg">From</div><p>Reject</p>', "approve"),
        ('<p>Approve</p><div class="gmail_quote">Reject</div>', "approve"),
        ('<p>Approve</p><div class="gmail_signature">if found return to me</div>', "approve"),
    ],
)
def test_the_visible_first_line_is_found(page: str, expected: str) -> None:
    assert said(html(page)) == expected


@pytest.mark.parametrize(
    ("text", "page", "expected"),
    [
        ("Approve", "<p>Approve</p>", "approve"),
        ("Approve", "<p>Reject</p>", "parts_disagree"),
        ("Reject", "<p>Approve</p>", "parts_disagree"),
        ("Approve", "<p>Approve if green</p>", "parts_disagree"),
        ("Approve", "<p>Hello</p>", "parts_disagree"),
        ("", "<p>Approve</p>", "approve"),
        ("Approve", "", "approve"),
        ("hello", "<p>hello</p>", "no_action_word"),
    ],
)
def test_text_and_html_must_agree(text: str, page: str, expected: str) -> None:
    for bodies in ((("text/plain", text), ("text/html", page)), (("text/html", page), ("text/plain", text))):
        assert said(parts("alternative", *bodies)) == expected


def test_the_comment_of_an_html_reply_keeps_its_lines() -> None:
    assert read(html("<div>Approve one</div><div>two</div><div><br></div><div>three</div>")).comment == (
        "one\ntwo\n\nthree"
    )


@pytest.mark.parametrize(
    "style",
    [
        *("font:0/0 a", "font-size:calc(0px)", "color:#fdfdfd", "color:snow", "color:hsl(0,0%,100%)"),
        *("color:rgb(250,250,250)", "color:rgba(0,0,0,0.1)", "color:#0000", "background:#000;color:#000"),
        *("filter:alpha(opacity=0)", "height:0;overflow:hidden", "width:1px;overflow:hidden", "scale:0"),
        *("transform:scale(0)", "transform:translateX(-9999px)", "margin:-999px", "zoom:0", "rotate:y 90deg"),
        *("position:fixed;top:-100vh", "inset:-9999px auto auto", "letter-spacing:-1em", "z-index:-1"),
        *(
            "unicode-bidi:bidi-override",
            "text-decoration:line-through",
            "-webkit-text-fill-color:transparent",
        ),
    ],
)
def test_a_style_that_may_hide_or_strike_out_the_word_makes_it_undecided(style: str) -> None:
    page = f"<p style='{style}'>Approve</p><p>Fine</p>"
    assert said(mail("Content-Type: text/html; charset=utf-8", body=page)) != "approve"


@pytest.mark.parametrize(
    "name", ["s", "del", "strike", "details", "dialog", "noframes", "noembed", "datalist"]
)
def test_an_element_that_hides_or_strikes_out_the_word_makes_it_undecided(name: str) -> None:
    page = f"<{name}>Approve</{name}><p>Fine</p>"
    assert said(mail("Content-Type: text/html; charset=utf-8", body=page)) != "approve"


@pytest.mark.parametrize(
    "style",
    ["color:rgba(0,0,0,0.87)", "color:rgb(0, 0, 0)", "background-color:white;color:#242424", "color:#1F497D"],
)
def test_the_colours_of_the_usual_programs_hide_nothing(style: str) -> None:
    page = f"<div style='{style}'>Approve</div><div style='color:#808080'>Corp Ltd</div>"
    assert said(mail("Content-Type: text/html; charset=utf-8", body=page)) == "approve"
