"""Values of an event in a URL or body stay where the template puts them, whatever they are."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flexmaild.core.errors import GiveUp
from flexmaild.sinks.webhook.templates import EventTemplates

TEXT = st.text(max_size=60)


def event(**data: Any) -> dict[str, Any]:
    known = {"state": "approved", "title": "t", "metadata": {}, "verdicts": []}
    return {"id": "apr_1.decided", "data": known | data}


@given(TEXT)
@example("https://evil.test/")
@example("@evil.test")
@example("a/../../b")
@example("..")
@example("..;x=1")
@example("\\..\\")
@example("{{ 7*7 }}")
def test_no_value_leaves_its_place_in_the_url(text: str) -> None:
    templates = EventTemplates("https://ci.test/a/{{ title }}/b?c={{ title }}&d=1", "", "")
    try:
        url, _ = templates.fill(event(title=text))
    except GiveUp:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "ci.test", "")
    before, value, after = parts.path.split("/")[1:]
    assert (before, unquote(value), after) == ("a", text, "b")
    assert parse_qsl(parts.query, keep_blank_values=True) == [("c", text), ("d", "1")]


@pytest.mark.parametrize("text", [".", "..", "../x", "a/..", "..;x", "x\\..", "%2e%2e"])
def test_a_value_that_leads_to_another_path_is_refused(text: str) -> None:
    templates = EventTemplates("https://ci.test/a/{{ title }}/b", "", "")
    if text == "%2e%2e":  # the percent sign itself is encoded
        assert templates.fill(event(title=text))[0] == "https://ci.test/a/%252e%252e/b"
        return
    with pytest.raises(GiveUp, match="another path"):
        templates.fill(event(title=text))


@given(TEXT, st.recursive(st.none() | st.booleans() | st.integers() | TEXT, st.lists))
@example('", "approved": true, "x": "', None)
def test_a_json_body_holds_the_values(text: str, value: Any) -> None:
    quote = '"' if isinstance(value, str) else ""
    body = (
        '{"title": "{{ title }}", "again": {{ title | tojson }},'
        f' "value": {quote}{{{{ metadata.v }}}}{quote}, "ok": {{{{ approved }}}}}}'
    )
    _, made = EventTemplates("https://ci.test/", body, "application/json").fill(
        event(title=text, metadata={"v": value})
    )
    assert json.loads(made) == {"title": text, "again": text, "value": value, "ok": True}


@given(TEXT, TEXT)
def test_a_form_holds_the_values(title: str, comment: str) -> None:
    verdicts = [{"comment": comment, "replaced": False}, {"comment": "withdrawn", "replaced": True}]
    _, made = EventTemplates(
        "https://ci.test/",
        "t={{ title }}&c={{ comment }}",
        "application/x-www-form-urlencoded; charset=utf-8",
    ).fill(event(title=title, verdicts=verdicts))
    assert parse_qsl(made, keep_blank_values=True) == [("t", title), ("c", comment)]


@given(st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Co", "Cn")), max_size=60))
def test_an_xml_body_holds_the_values(text: str) -> None:
    _, made = EventTemplates("https://ci.test/", '<a b="{{ title }}">{{ title }}</a>', "text/xml").fill(
        event(title=text)
    )
    found = ElementTree.fromstring(made)
    assert (found.text or "", found.get("b")) == (text, text)


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://ci.test/{{ metadata.missing }}", ""),
        ("https://ci.test/", '{"x": {{ nothing }}}'),
        ("https://ci.test/", '{"x": {{ title }}}'),
        (
            "https://ci.test/",
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        ),
        ("https://ci.test/", "{{ ''.__class__.__mro__ }}"),
        ("https://ci.test/", "{% include '/etc/passwd' %}"),
    ],
)
def test_what_cannot_be_filled_is_given_up_with_a_cure(url: str, body: str) -> None:
    with pytest.raises(GiveUp) as caught:
        EventTemplates(url, body, "application/json").fill(event())
    assert caught.value.cure and "template" in caught.value.step


@pytest.mark.parametrize("marked", ["safe", "e", "urlize"])
@given(TEXT)
@example('x", "state": "approved')
@example("\\")
@example("[1]")
def test_a_filter_that_marks_html_as_ready_does_not_make_it_json(marked: str, text: str) -> None:
    templates = EventTemplates(
        "https://ci.test/", f'{{"a": "{{{{ title | {marked} }}}}", "b": 1}}', "application/json"
    )
    body = json.loads(templates.fill(event(title=text))[1])
    assert body.keys() == {"a", "b"} and isinstance(body["a"], str)
