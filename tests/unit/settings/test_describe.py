"""What is shown of settings is what is in force, and the generated pages are what the declarations say."""

import json
import re

import pytest
import regenerate
import yaml
from pages.javamail_page import javamail_page
from pages.sample import sample
from pages.settings_page import settings_page

from flexmaild.settings import describe
from flexmaild.settings.load import parse
from flexmaild.settings.schema import Settings
from tests.unit.settings.kinds import KINDS

TEXT = """
outgoing: {username: flex, password: {env: PATH}, host: mail.example.com}
incoming: {enabled: true, host: imap.example.com, process_interval: 7, after_processing: {move: Done}}
approvals: {words: {approve: ["yes", "Go"]}, delegations: [{from: a@example.com, to: b@example.com}]}
control: {mode: "0600"}
sinks: {folder: {kind: dropfile, path: /var/spool/flexmaild}}
oauth_applications: {m365: {tenant: example.com, client_id: "1e3", client_secret: {env: PATH}}}
"""


def settings_of(text: str) -> Settings:
    return parse(text, "test.yaml", KINDS)


@pytest.mark.parametrize("text", ["", TEXT])
@pytest.mark.parametrize("diff", [False, True])
def test_what_is_shown_can_be_read_back_to_the_same_settings(text: str, diff: bool) -> None:
    settings = settings_of(text)

    assert settings_of(describe.effective(settings, diff=diff)).model_dump() == settings.model_dump()


def test_diff_shows_only_what_differs_from_the_defaults_and_no_inherited_values() -> None:
    shown = yaml.safe_load(describe.effective(settings_of(TEXT), diff=True))

    assert shown["incoming"] == {
        "enabled": True,
        "host": "imap.example.com",
        "process_interval": "7m",
        "after_processing": {"move": "Done"},
    }
    assert shown["control"] == {"mode": "0600"}
    assert "log" not in shown
    assert yaml.safe_load(describe.effective(settings_of(""), diff=True)) is None


def test_fallbacks_are_shown_resolved() -> None:
    shown = yaml.safe_load(describe.effective(settings_of(TEXT)))

    assert shown["incoming"]["username"] == "flex"
    assert shown["incoming"]["reply_address"] == "noreply@domain.com"
    assert shown["incoming"]["password"] == {"env": "PATH"}


def test_only_few_changes_need_a_restart_and_the_interval_is_none_of_them() -> None:
    old = settings_of("")
    new = settings_of("""
incoming: {process_interval: 1}
control: {socket: /tmp/other.sock}
state_directory: /tmp/other
metrics: {listen: ""}
sinks: {folder: {kind: dropfile, path: /x}}
""")

    assert describe.restart_needed(old, new) == ("control.socket", "store.url", "state_directory")
    assert describe.changed(old, new) == (
        "incoming.process_interval",
        "sinks.folder",
        "control.socket",
        "metrics.listen",
        "store.url",
        "state_directory",
    )
    assert describe.changed(old, settings_of("")) == ()


def test_the_schema_knows_every_kind_and_is_json() -> None:
    schema = json.loads(json.dumps(describe.schema(KINDS)))

    kinds = [one["properties"]["transport"]["const"] for one in schema["properties"]["outgoing"]["anyOf"]]
    assert kinds == ["smtp", "maildir"]
    assert set(schema["properties"]) == set(Settings.model_fields)
    assert schema["$defs"]["Approvals"]["properties"]["expire_after"]["default"] == "7d"


def test_the_sample_is_a_settings_file_with_every_default() -> None:
    text = sample(KINDS)
    uncommented = re.sub(r"(?m)^( *)#(?=(?:  )*\S)", r"\1", text.split("\n\n", 1)[1])
    written = re.sub(r"(?m)^( *)# .*$", "", uncommented)

    assert settings_of(text).model_dump() == settings_of("").model_dump()
    assert settings_of(written).model_dump() == settings_of("").model_dump()


def test_every_setting_is_in_the_sample_and_in_the_reference_with_its_words() -> None:
    text, page = sample(KINDS), settings_page(KINDS)

    for section, field in Settings.model_fields.items():
        model = describe.section_of(field)
        for name, inner in model.model_fields.items() if model else ():
            assert inner.description, f"{section}.{name} has no words for the operator"
            assert f"{inner.alias or name}:" in text
            assert f"{section}" in page and f"{inner.alias or name}" in page


def test_the_published_pages_are_what_the_declarations_say() -> None:
    """Run `python packaging/regenerate.py` where this fails."""
    for path, text in regenerate.pages().items():
        assert path.read_text(encoding="utf-8") == text, path


def test_the_java_page_lists_every_property() -> None:
    page = javamail_page()

    assert page.count("| `mail.smtp.") == 62
    assert page.count("| `mail.imap.") == 74
