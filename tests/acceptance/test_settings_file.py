"""The settings file: what FlexDeploy's page holds works, everything else is told with its place."""

import json
from pathlib import Path

import pytest
import yaml

from tests.acceptance.service import as_process, flexmaild

# FlexDeploy's page, letter for letter.
SMTP_BLOCK = """\
PROTOCOL=smtp
mail.${{PROTOCOL}}.host=${{SMTP_HOST_NAME}}
mail.${{PROTOCOL}}.port=${{SMTP_HOST_PORT}}
mail.${{PROTOCOL}}.starttls.enable=${{SMTP_ENABLE_TLS}}
mail.${{PROTOCOL}}.connectiontimeout=30000
mail.${{PROTOCOL}}.timeout=30000
mail.${{PROTOCOL}}.writetimeout=30000
mail.${{PROTOCOL}}.class=com.sun.mail.smtp.SMTPTransport
mail.${{PROTOCOL}}.ssl.protocols=TLSv1.2
"""
IMAP_BLOCK = """\
PROTOCOL=imap
mail.${{PROTOCOL}}.host=${{IMAP_HOST_NAME}}
mail.${{PROTOCOL}}.port=${{IMAP_HOST_PORT}}
mail.${{PROTOCOL}}.socketFactory.class=javax.net.ssl.SSLSocketFactory
mail.${{PROTOCOL}}.starttls.enable=${{IMAP_ENABLE_STARTTLS}}
mail.${{PROTOCOL}}.socketFactory.port=${{IMAP_HOST_PORT}}
#mail.${{PROTOCOL}}.socketFactory.fallback=false
#mail.${{PROTOCOL}}.ssl.enable=true
#mail.${{PROTOCOL}}.connectiontimeout=5000
#mail.${{PROTOCOL}}.timeout=5000
"""
THE_PAGE = {
    "outgoing": {
        "auth_type": "basic",
        "host": "mail.corp.example",
        "port": 25,
        "username": "flexdeploy",
        "password": "hunter2-secret",
        "oauth_application": None,
        "from_address": "noreply@corp.example",
        "starttls": True,
        "properties": SMTP_BLOCK,
    },
    "incoming": {
        "enabled": True,
        "auth_type": "basic",
        "host": "imap.corp.example",
        "port": 993,
        "username": None,
        "password": None,
        "oauth_application": None,
        "starttls": False,
        "properties": IMAP_BLOCK,
        "reply_folder": "INBOX",
        "reply_address": None,
        "process_interval": 5,
        "process_count": 30,
    },
    "notifications": {"attach_logs": "never"},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "flexmaild.yaml"
    made.touch(mode=0o600)
    return made


def effective(file: Path, *options: str) -> dict[str, dict[str, object]]:
    shown = flexmaild("config", "--config", file, *options)
    assert shown.returncode == 0, shown.stderr
    found: dict[str, dict[str, object]] = yaml.safe_load(shown.stdout)
    return found


def test_a_file_that_holds_only_what_the_page_holds_works(file: Path) -> None:
    file.write_text(yaml.safe_dump(THE_PAGE))
    assert flexmaild("check", "--config", file).returncode == 0
    incoming = effective(file)["incoming"]
    assert incoming["username"] == "flexdeploy"
    assert incoming["reply_address"] == "noreply@corp.example"
    assert incoming["process_interval"] == "5m"


def test_an_empty_file_has_the_page_s_defaults_and_blocks_byte_for_byte(file: Path) -> None:
    found = effective(file)
    outgoing, incoming = found["outgoing"], found["incoming"]
    assert (outgoing["host"], outgoing["port"]) == ("mail.domain.com", 25)
    assert (outgoing["from_address"], outgoing["starttls"]) == ("noreply@domain.com", True)
    assert (incoming["host"], incoming["port"]) == ("imap.domain.com", 993)
    assert (incoming["enabled"], incoming["starttls"], incoming["reply_folder"]) == (False, False, "INBOX")
    assert incoming["process_count"] == 30
    assert found["notifications"]["attach_logs"] == "never"
    assert outgoing["properties"] == SMTP_BLOCK
    assert incoming["properties"] == IMAP_BLOCK


def test_no_output_shows_a_secret(file: Path) -> None:
    block = f"{SMTP_BLOCK}mail.smtp.password=hunter3-secret\n"
    file.write_text(yaml.safe_dump(THE_PAGE | {"outgoing": {**THE_PAGE["outgoing"], "properties": block}}))
    for arguments in (["check"], ["config"], ["config", "--diff"]):
        shown = flexmaild(*arguments, "--config", file)
        assert "hunter" not in shown.stdout + shown.stderr


def test_diff_shows_what_differs_and_nothing_else(file: Path) -> None:
    file.write_text("incoming: {process_count: 31, process_interval: 5}\n")
    assert effective(file, "--diff") == {"incoming": {"process_count": 31}}


@pytest.mark.parametrize("written", ["90s", "5m", "24h", 90])
def test_durations_have_units_and_a_bare_interval_is_minutes(file: Path, written: str | int) -> None:
    file.write_text(f"incoming: {{process_interval: {written}}}\n")
    expected = {"90s": "90s", "5m": "5m", "24h": "1d", 90: "90m"}[written]
    assert effective(file)["incoming"]["process_interval"] == expected


@pytest.mark.parametrize(
    "form",
    ["in-the-file", "{file: SECRET}", "{env: FLEXMAILD_TEST_SECRET}", "{credential: mail}"],
)
def test_a_secret_may_be_plain_or_in_a_file_the_environment_or_a_credential(
    file: Path, tmp_path: Path, form: str
) -> None:
    secret = tmp_path / "mail"
    secret.write_text("in-a-file\n")
    secret.chmod(0o600)
    form = form.replace("SECRET}", f"{secret}}}") if "file:" in form else form
    file.write_text(f"outgoing: {{host: m.corp.example, username: u, password: {form}}}\n")
    env = {"FLEXMAILD_TEST_SECRET": "in-the-environment", "CREDENTIALS_DIRECTORY": str(tmp_path)}
    checked = flexmaild("check", "--config", file, env=env)
    assert checked.returncode == 0, checked.stderr


def test_a_secret_file_that_everybody_may_read_is_refused(file: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    secret.chmod(0o644)
    file.write_text(f"outgoing: {{host: m.corp.example, username: u, password: {{file: {secret}}}}}\n")
    checked = flexmaild("check", "--config", file)
    assert checked.returncode == 78
    assert str(secret) in checked.stderr


MISTAKES = [
    ("outgoing: {prot: 25}", 1, 12, "outgoing.prot"),
    ("outgoing:\n  host: a.example\n  host: b.example", 3, 3, "outgoing.host"),
    ("incoming: {enabled: on}", 1, 21, "incoming.enabled"),
    ("incoming: {enabled: yes}", 1, 21, "incoming.enabled"),
    ("outgoing: {port: 0025}", 1, 18, "outgoing.port"),
    ("incoming: {process_interval: 12:30}", 1, 30, "incoming.process_interval"),
    ("outgoing: {port: 70000}", 1, 18, "outgoing.port"),
    ("outgoing: {port: '25'}", 1, 18, "outgoing.port"),
    ("outgoing: {port: 25.0}", 1, 18, "outgoing.port"),
    ("outgoing: {starttls: 1}", 1, 22, "outgoing.starttls"),
    ("outgoing: {transport: smpt}", 1, 23, "outgoing.transport"),
    ("outgoing: {auth_type: ntlm}", 1, 23, "outgoing.auth_type"),
    ("outgoing: {from_address: nobody}", 1, 26, "outgoing.from_address"),
    ("outgoing: {host: 'a b'}", 1, 18, "outgoing.host"),
    ("outgoing: {username: u}", 1, 1, "outgoing.password"),
    ("incoming: {process_count: 0}", 1, 27, "incoming.process_count"),
    ("incoming: {process_interval: 5 minutes}", 1, 30, "incoming.process_interval"),
    ("incoming: {max_message_size: 10Mb}", 1, 30, "incoming.max_message_size"),
    ("incoming: {after_processing: archive}", 1, 30, "incoming.after_processing"),
    ("incoming: {enabled: true, username: u, password: p}", 1, 1, "incoming.host"),
    ("notifications: {attach_logs: sometimes}", 1, 30, "notifications.attach_logs"),
    ("approvals: {words: {approve: [two words]}}", 1, 31, "approvals.words.approve[0]"),
    ("sinks: {a: {kind: fax}}", 1, 19, "sinks.a.kind"),
    ("control: {mode: 0660}", 1, 17, "control.mode"),
    ("metrics: {listen: everywhere}", 1, 19, "metrics.listen"),
    ("store: {url: mysql://x}", 1, 14, "store.url"),
    ("log: {level: loud}", 1, 14, "log.level"),
    ("state_directory: var/lib", 1, 18, "state_directory"),
    ("outgoing: {host: mail\u00a0.corp.example}", 1, 22, "outgoing.host"),
    ("outgoing: {password: {file: /nowhere/at/all}, username: u}", 1, 22, "outgoing.password"),
    ("outgoing: {auth_type: oauth, oauth_application: m365}", 1, 49, "outgoing.oauth_application"),
    ("wrong: [1", 2, 1, ""),
]


@pytest.mark.parametrize(("text", "line", "column", "path"), MISTAKES, ids=[m[0][:40] for m in MISTAKES])
def test_a_mistake_is_told_with_file_line_column_and_path(
    file: Path, text: str, line: int, column: int, path: str
) -> None:
    file.write_text(text + "\n")
    checked = flexmaild("check", "--config", file)
    assert checked.returncode == 78
    places = [fault.split(": ")[:2] for fault in checked.stderr.splitlines()]
    assert f"{file}:{line}:{column}" in [place for place, _ in places], checked.stderr
    assert not path or path.replace("[", ".").replace("]", "") in [p for _, p in places], checked.stderr


def test_all_mistakes_are_told_at_once(file: Path) -> None:
    file.write_text("outgoing: {prot: 25, port: x}\nincoming: {enabled: yes}\nlogs: {}\nlog: {level: 7}\n")
    checked = flexmaild("check", "--config", file)
    assert checked.returncode == 78
    assert len(checked.stderr.splitlines()) >= 5
    assert "port" in checked.stderr.split("prot", 1)[1].splitlines()[0], "did you mean"


def test_the_option_may_stand_before_or_after_the_command(file: Path) -> None:
    for arguments in (["--config", str(file), "check"], ["check", "--config", str(file)]):
        assert flexmaild(*arguments).returncode == 0


def test_the_daemon_refuses_faulty_settings_with_78_too(file: Path) -> None:
    file.write_text("nonsense: 1\n")
    refused = as_process("flexmaild", "--config", file)
    assert refused.returncode == 78
    assert f"{file}:1:1: nonsense" in refused.stderr


def test_the_schema_is_json_schema_of_the_same_settings() -> None:
    shown = flexmaild("schema")
    assert shown.returncode == 0
    sections = json.loads(shown.stdout)["properties"]
    assert {"outgoing", "incoming", "notifications", "approvals", "sinks", "control", "metrics"} <= set(
        sections
    )
    assert {"store", "state_directory", "log", "oauth_applications"} <= set(sections)


@pytest.mark.parametrize(
    ("block", "line", "word"),
    [
        ("mail.smtp.starttls.enable=yes", 2, "starttls.enable"),
        ("mail.smtp.starttls.enable=true ", 2, "starttls"),
        ("mail.smtp.timeout=30s", 2, "timeout"),
        ("mail.smtp.host=${{SMTP_HOST}}", 2, "SMTP_HOST"),
        ("mail.smtp.host=mail\u200b.corp.example", 2, "ZERO WIDTH SPACE"),
        ("mail.smtp.tiemout=1000", 2, "timeout"),
        ("mail.smtp.host=\u201cmail.corp.example\u201d", 2, "LEFT DOUBLE QUOTATION MARK"),
    ],
)
def test_a_mistake_in_a_property_block_is_told_with_its_line(
    file: Path, block: str, line: int, word: str
) -> None:
    file.write_text(
        f"outgoing:\n  host: mail.corp.example\n  properties: |\n    PROTOCOL=smtp\n    {block}\n"
    )
    checked = flexmaild("check", "--config", file)
    assert checked.returncode == 78, checked.stderr
    assert f"{file}:{3 + line}:" in checked.stderr
    assert word in checked.stderr


@pytest.mark.parametrize("block", ["a\u0000b", "PROTOCOL=smtp\\\n"])
def test_strange_blocks_never_crash_the_check(file: Path, block: str) -> None:
    file.write_text(f"outgoing: {{properties: {json.dumps(block)}}}\n")
    checked = flexmaild("check", "--config", file)
    assert checked.returncode in (0, 78)
    assert "Traceback" not in checked.stderr
