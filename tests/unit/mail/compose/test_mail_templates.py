"""An operator's templates: what they can change, what they cannot lose, and how their faults are told."""

from dataclasses import replace
from typing import Any

import pytest

from flexmaild.core.errors import NotAllowed
from flexmaild.core.model import MailKind, Request
from flexmaild.mail.compose.render import Renderer, TemplateFault
from flexmaild.mail.compose.template_checks import check_request, check_templates
from flexmaild.mail.compose.templates import builtin_templates
from flexmaild.mail.format import REPLY_MARKER

BARE_PAGE = "<html><body><p>{{ title }}</p></body></html>"


def test_our_own_templates_are_there_for_every_kind_and_without_fault() -> None:
    assert {f"{k.value}.{s}.j2" for k in MailKind for s in ("txt", "html")} <= set(builtin_templates())
    assert check_templates(builtin_templates()) == []


def test_an_operators_template_takes_the_place_of_ours(composer: Any, text_of: Any, html_of: Any) -> None:
    sources = {
        "accepted.txt.j2": "Thanks, {{ name }}.",
        "accepted.html.j2": '{% extends "layout.html.j2" %}\n'
        '{% block content %}<p class="text">Thanks!</p>{% endblock %}',
    }
    assert check_templates(sources) == []
    mail = composer.mail(MailKind.ACCEPTED, sources=sources)
    assert text_of(mail).startswith("Thanks, Ann Lee.\n")
    assert '<p class="text" style="margin' in html_of(mail)
    assert "Thanks!" in html_of(mail)


def test_the_style_sheet_alone_can_be_replaced(composer: Any, html_of: Any) -> None:
    css = builtin_templates()["style.css"].replace("#1a7f37", "#0b5cad")
    html = html_of(composer.mail(sources={"style.css": css}))
    assert "background-color: #0b5cad" in html


@pytest.mark.parametrize("page", [BARE_PAGE, "<p>no body</p>", "", "<BODY\n>x</BODY>"])
def test_no_template_can_lose_marker_or_reference(
    composer: Any, text_of: Any, html_of: Any, page: str
) -> None:
    mail = composer.mail(sources={"approval_request.html.j2": page, "approval_request.txt.j2": "x"})
    html, lines = html_of(mail), text_of(mail).strip().split("\n")
    assert html.count(REPLY_MARKER) == 1
    assert html.count(f"Reference {composer.reference}") == 1
    assert html.index(REPLY_MARKER) < html.index(composer.reference)
    assert (lines[0], lines[-1]) == (REPLY_MARKER, f"Reference {composer.reference}")


@pytest.mark.parametrize(
    ("name", "source", "line", "wanted"),
    [
        ("accepted.txt.j2", "a\nb {{ nonsense }}", 2, "'nonsense' is undefined"),
        ("accepted.txt.j2", "a\n{% if %}", 2, "Expected an expression"),
        ("accepted.txt.j2", "\n\n{{ title | shout }}", 3, "No filter named 'shout'"),
        ("accepted.txt.j2", '{% include "missing.txt.j2" %}', 1, "missing.txt.j2"),
        ("accepted.txt.j2", "{{ title.__class__.__mro__ }}", 1, "unsafe"),
        ("accepted.txt.j2", "{% for i in range(10 ** 9) %}{% endfor %}", 1, "too big"),
        ("accepted.txt.j2", "{{ 1 / 0 }}", 1, "division by zero"),
        ("accepted.txt.j2", "{{ t('no such text') }}", 1, "no such text"),
        ("accepted.txt.j2", " \n", 0, "renders to nothing"),
        ("layout.html.j2", "<html>\n{{ titel }}</html>", 2, "'titel' is undefined"),
        ("layout.html.j2", BARE_PAGE, 0, "the page lacks reference_block"),
        ("approval_request.html.j2", BARE_PAGE, 0, "the page lacks approve_link"),
        ("release.txt.j2", "a\n{{ b ", 2, "unexpected end of template"),
        ("readme.md", "x", 0, "not the name of a template"),
        ("accepted.txt.j2", "x" * 200_001, 0, "longer than"),
    ],
)
def test_a_fault_is_found_when_loaded_with_its_file_its_line_and_a_cure(
    name: str, source: str, line: int, wanted: str
) -> None:
    faults = check_templates({name: source})
    fault = next(f for f in faults if wanted in f.text)
    assert (fault.file, fault.line) == (name, line)
    assert fault.cure
    assert str(fault).startswith(f"{name}:{line}: ")


def test_a_template_that_breaks_when_a_mail_goes_out_is_replaced_by_ours_and_reported(
    composer: Any, text_of: Any, html_of: Any
) -> None:
    faults: list[TemplateFault] = []
    sources = {"accepted.txt.j2": "{{ nonsense }}", "accepted.html.j2": "{% if %}"}
    mail = composer.mail(MailKind.ACCEPTED, sources=sources, on_fault=faults.append)
    assert text_of(mail) == text_of(composer.mail(MailKind.ACCEPTED))
    assert html_of(mail) == html_of(composer.mail(MailKind.ACCEPTED))
    assert [f.file for f in faults] == ["accepted.txt.j2", "accepted.html.j2"]


def test_a_request_can_name_a_template_and_give_its_variables(
    composer: Any, text_of: Any, html_of: Any
) -> None:
    sources = {
        "release.txt.j2": "Version {{ version }} for {{ title }}: {{ notes | join(', ') }}",
        "release.html.j2": "<ul>{% for n in notes %}<li>{{ n }}</li>{% endfor %}</ul>",
    }
    assert check_templates(sources) == []
    terms = {
        "template": "release",
        "variables": {"version": "4.2", "notes": ["<b>", "fix"], "title": "not mine"},
    }
    mail = composer.mail(sources=sources, terms=terms)
    assert "Version 4.2 for Deploy shop 4.2 to production: <b>, fix" in text_of(mail)
    assert "<li>&lt;b&gt;</li><li>fix</li>" in html_of(mail)
    assert "Approve request" in html_of(mail)


@pytest.mark.parametrize(
    ("template", "variables", "wanted"),
    [
        ("nothing", {}, "there is no template 'nothing'. Templates there are: release."),
        ("accepted", {}, "there is no template 'accepted'"),
        ("../release", {}, "there is no template"),
        ("release", {}, "release.txt.j2:1: 'version' is undefined"),
        ("release", {"version": 3}, "release.txt.j2:1: "),
    ],
)
def test_a_request_whose_template_breaks_is_refused(
    composer: Any, template: str, variables: dict[str, Any], wanted: str
) -> None:
    templates = Renderer({"release.txt.j2": "{{ version + 'x' }}"})
    terms = replace(composer.terms, template=template, variables=variables)
    with pytest.raises(NotAllowed) as refused:
        request = Request("ap-nbswy3dpeb3w64tm", terms, composer.now)
        check_request(request, replace(composer.settings, templates=templates), composer.now)
    assert refused.value.path == "template"
    assert wanted in refused.value.text.replace(":0:", ":")


def test_a_request_whose_template_has_gone_still_goes_out_with_its_text(composer: Any, text_of: Any) -> None:
    faults: list[TemplateFault] = []
    mail = composer.mail(terms={"template": "gone"}, on_fault=faults.append)
    assert "All tests are green." in text_of(mail)
    assert len(faults) == 1


@pytest.mark.parametrize(
    "page",
    [
        "<html><head></head><body>" + inner + "{{ reference_block }}</body></html>"
        for inner in ('<p class="{{ kind }} text">a</p>', '<tr><td class="text">{{ title }}</td></tr>')
    ],
)
def test_a_page_whose_styles_cannot_be_written_in_beforehand_gets_them_when_it_is_made(
    composer: Any, html_of: Any, page: str
) -> None:
    mail = composer.mail(MailKind.ACCEPTED, sources={"accepted.html.j2": page})
    assert "<style>" in html_of(mail)
    assert "Reference FM1-" in html_of(mail)
    if "kind" in page:
        assert '<p class="accepted text" style="margin' in html_of(mail)


def test_html_that_comes_with_a_request_is_cleaned_and_shown(composer: Any, html_of: Any) -> None:
    html = html_of(composer.mail(terms={"html": "<h2>New</h2><img src='https://x/y'><script>x</script>"}))
    assert ">New</h2>" in html
    assert "<img" not in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}", "does not end"),
        ("{% macro again() %}{{ again() }}{{ again() }}{% endmacro %}{{ again() }}", "recursion"),
        ("{{ 9 ** (9 ** 9) }}", "too large"),
        ("{{ 'a' * 10 ** 11 }}", "too large"),
        (
            "{% set n = namespace(v=3) %}{% for i in range(99) %}{% set n.v = n.v * n.v %}{% endfor %}",
            "too large",
        ),
    ],
)
def test_a_template_without_end_is_a_fault_and_stops_nobody(source: str, wanted: str) -> None:
    (fault, *_) = check_templates({"accepted.txt.j2": f"a\n{source}"})
    assert (fault.file, fault.line) == ("accepted.txt.j2", 2)
    assert wanted in fault.text


@pytest.mark.parametrize(
    "source", ["{{ 86400 * 1000000 }}", "{{ 2 ** 64 }}", "{{ '-' * 72 }}", "{{ 1.5 * 3 }}"]
)
def test_a_template_may_compute(source: str) -> None:
    assert check_templates({"accepted.txt.j2": source}) == []
