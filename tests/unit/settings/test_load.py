"""What a settings file comes to: defaults, fallbacks, files that are no settings, and what never shows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flexmaild.settings.faults import Finding, SettingsError
from flexmaild.settings.load import Kinds, load, parse
from flexmaild.settings.mail import Outgoing
from flexmaild.settings.schema import Settings
from flexmaild.settings.types import AfterProcessing
from tests.unit.settings.kinds import KINDS, Folder


def settings_of(text: str) -> Settings:
    return parse(text, "test.yaml", KINDS)


def faults_of(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        settings_of(text)
    return [str(fault) for fault in caught.value.faults]


def read(path: Path) -> Settings:
    return load(path, outgoing=KINDS.outgoing, incoming=KINDS.incoming, sinks=KINDS.sinks)


def faults_in(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(path)
    return [str(fault) for fault in caught.value.faults]


def test_an_empty_file_has_the_defaults_of_flexdeploys_page() -> None:
    settings = settings_of("")

    assert settings.outgoing.auth_type == settings.incoming.auth_type == "basic"
    assert (settings.outgoing.host, settings.outgoing.port) == ("mail.domain.com", 25)
    assert settings.outgoing.from_address == "noreply@domain.com"
    assert settings.outgoing.starttls
    assert not settings.incoming.enabled
    assert (settings.incoming.host, settings.incoming.port) == ("imap.domain.com", 993)
    assert not settings.incoming.starttls
    assert settings.incoming.reply_folder == "INBOX"
    assert settings.incoming.process_interval == timedelta(minutes=5)
    assert settings.incoming.process_count == 30
    assert settings.notifications.attach_logs == "never"


def test_a_file_with_only_the_pages_properties_works_and_falls_back_to_the_outgoing_ones() -> None:
    settings = settings_of("""
outgoing:
  auth_type: basic
  host: mail.example.com
  port: 587
  username: flex
  password: {env: PATH}
  oauth_application:
  from_address: deploy@example.com
  starttls: true
incoming:
  enabled: true
  auth_type: basic
  host: imap.example.com
  port: 993
  username:
  password:
  starttls: false
  reply_folder:
  reply_address:
  process_interval: 2
  process_count: 10
notifications:
  attach_logs: on_failure
""")

    assert settings.incoming.username == "flex"
    assert settings.incoming.password == settings.outgoing.password
    assert settings.incoming.reply_address == "deploy@example.com"
    assert settings.incoming.reply_folder == "INBOX"
    assert settings.incoming.mailbox == settings.outgoing.mailbox == "flex"
    assert settings.incoming.process_interval == timedelta(minutes=2)
    assert settings.outgoing.smtp_session().tls == "starttls"
    assert settings.incoming.imap_session().tls == "implicit"


def test_further_addresses_of_the_mailbox_are_a_list_and_there_are_none_by_default() -> None:
    assert settings_of("").incoming.reply_aliases == ()
    settings = settings_of("incoming: {reply_aliases: [Deploy@corp.test, approvals@bücher.test]}")
    assert settings.incoming.reply_aliases == ("Deploy@corp.test", "approvals@bücher.test")


@pytest.mark.parametrize(
    "wrong", ["corp.test", "Ann <a@corp.test>", '""', "a@b@c.test", "a@my_host.test", "a@"]
)
def test_each_of_them_must_be_an_address(wrong: str) -> None:
    found = faults_of(f"incoming: {{reply_aliases: [a@corp.test, {wrong}]}}")
    assert len(found) == 1
    assert "incoming.reply_aliases" in found[0] and "must be one bare mail address" in found[0]


def test_no_setting_takes_an_address_that_no_mail_can_have() -> None:
    """An underscore in a host's name passed the check and ended the start."""
    assert "must be one bare mail address" in faults_of("outgoing: {from_address: x@my_host.local}")[0]


NO_HOST = ("999.1.1.1", "-x", "a..b", "x" * 64, "mail.corp.test:25")
HOSTS = (
    "127.0.0.1",
    "[::1]",
    "[fe80::1%eth0]",
    "127.1",
    "mail.1",
    "localhost.",
    "smtp-.corp",
    "0.0.0.0",
    "host_a.corp.test",
    "b\u00fccher.test",
)


@pytest.mark.parametrize(
    "text",
    [
        *(f"outgoing: {{host: '{host}'}}" for host in NO_HOST),
        *(f"metrics: {{listen: '{host}:9'}}" for host in (*NO_HOST, "[::g]", "::1", "[1.2.3.4]")),
        *(f'outgoing: {{host: "fe80::1%a{end}"}}' for end in (r"\nb", r"\r\nHost: x", " b", r"\x07")),
        f"state_directory: /var/{'x' * 256}",
        f"state_directory: {'/x' * 2048}",
    ],
)
def test_what_no_machine_and_no_file_can_be_called_is_a_fault_and_not_the_end_of_a_start(text: str) -> None:
    found = [fault for fault in faults_of(text) if "must be" in fault or "longer than" in fault]
    assert len(found) == 1


@pytest.mark.parametrize("host", HOSTS)
def test_what_a_machine_may_be_called_is_none(host: str) -> None:
    text = f"outgoing: {{host: '{host}'}}\nmetrics: {{listen: '{host}:9'}}\nunknown: 1"
    assert [fault.split(": ")[1] for fault in faults_of(text)] == ["unknown"]


def test_directories_given_by_systemd_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/flexmaild/a")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/flexmaild-a")

    settings = settings_of("")

    assert settings.state_directory == Path("/var/lib/flexmaild/a")
    assert settings.control.socket == Path("/run/flexmaild-a/control.sock")
    assert settings.store.url == "sqlite:////var/lib/flexmaild/a/flexmaild.db"


def test_values_have_the_types_that_they_mean() -> None:
    settings = settings_of("""
incoming: {after_processing: {move: Done}, keep_raw: 36h, max_message_size: 512KiB}
approvals:
  remind_after: [90s, 1d]
  delegations: [{from: a@example.com, to: b@example.com, since: 2026-01-31, until: 2026-02-01}]
control: {mode: "0600"}
metrics: {listen: "[::1]:0"}
""")

    delegation = settings.approvals.delegations[0]
    assert settings.incoming.after_processing == AfterProcessing("Done")
    assert settings.incoming.keep_raw == timedelta(hours=36)
    assert settings.incoming.max_message_size == 512 * 1024
    assert settings.approvals.remind_after == (timedelta(seconds=90), timedelta(days=1))
    assert delegation.since == datetime(2026, 1, 31, tzinfo=UTC)
    assert delegation.until is not None and delegation.until > datetime(2026, 2, 1, 23, 59, tzinfo=UTC)
    assert settings.control.mode == 0o600
    assert settings.metrics.listen == "[::1]:0"


def test_a_transports_own_class_adds_settings_and_takes_leftovers_of_another_transport() -> None:
    settings = settings_of("outgoing: {transport: maildir, path: /var/mail/out, port: 465, host: x}")

    assert isinstance(settings.outgoing, Folder)
    assert settings.outgoing.path == Path("/var/mail/out")


def test_an_adapters_class_adds_faults_of_its_own_at_its_own_setting() -> None:
    class Picky(Outgoing):
        colour: str = "red"

        def findings(self):  # type: ignore[no-untyped-def]
            yield from super().findings()
            yield Finding(("colour",), "must not be red")

    kinds = Kinds({"smtp": Picky}, KINDS.incoming, KINDS.sinks)

    with pytest.raises(SettingsError) as caught:
        parse("outgoing:\n  colour: red\n", "test.yaml", kinds)

    assert [str(f) for f in caught.value.faults] == ["test.yaml:2:11: outgoing.colour: must not be red"]


def test_windows_line_ends_and_a_leading_byte_order_mark_change_nothing() -> None:
    plain = "outgoing:\n  host: mail.example.com\n  properties: |\n    mail.smtp.port=2525\n"
    windows = "\ufeff" + plain.replace("\n", "\r\n")

    assert settings_of(windows) == settings_of(plain)
    assert faults_of(windows.replace("2525", "25 ")) == faults_of(plain.replace("2525", "25 "))


def test_a_missing_file_a_directory_and_bytes_that_are_no_text_are_faults(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("outgoing:\n  username: Zoë\n".encode("latin-1"))
    large = tmp_path / "large.yaml"
    large.write_text("#" * (1 << 20) + "\n")

    assert "No such file" in faults_in(tmp_path / "none.yaml")[0]
    assert "Is a directory" in faults_in(tmp_path)[0]
    assert faults_in(latin) == [f"{latin}:2:15: (file): is not UTF-8 text here: save the file as UTF-8"]
    assert "larger than 1 MiB" in faults_in(large)[0]


def test_nesting_without_end_is_a_fault_and_not_a_crash() -> None:
    assert any("deeper than 20" in fault for fault in faults_of("a: " + "[" * 20_000))
    assert any("deeper than 20" in fault for fault in faults_of("a: " + "{b: " * 20_000))


def test_a_plain_secret_in_a_file_for_everybody_is_warned_of_and_a_reference_is_not(tmp_path: Path) -> None:
    path = tmp_path / "flexmaild.yaml"
    path.write_text("outgoing: {username: u, password: hunter2}\n")
    path.chmod(0o644)
    told = [w for w in read(path).warnings() if "every user can read" in w]
    assert told[0].startswith(f"{path}:1:35: outgoing.password: is a secret in a file that every user can")
    assert "hunter2" not in told[0]
    path.chmod(0o640)
    assert not any("every user can read" in w for w in read(path).warnings())
    path.write_text("outgoing: {username: u, password: {env: PATH}}\n")
    path.chmod(0o644)
    assert not any("every user can read" in w for w in read(path).warnings())


CANARY = "hunter2-Kanarienvogel"


@pytest.mark.parametrize(
    "text",
    [
        "outgoing: {password: [%s]}",
        "outgoing: {password: {fiel: %s}}",
        "outgoing: {password: {%s: x}}",
        "outgoing: {password: {file: %s}}",
        "outgoing:\n  password: %s: x",
        "outgoing:\n  password: '%s",
        "outgoing:\n  password: *%s",
        "outgoing:\n  password: &%s",
        "outgoing:\n  password: !%s x",
        "outgoing:\n  password: !%s!x y",
        "outgoing:\n  password: %s\u00a0",
        "outgoing: {port: %s}",
        "outgoing: {transport: %s}",
        "outgoing: {from_address: %s}",
        "log: {level: %s}",
        "store: {url: 'mysql://u:%s@h/d'}",
        "control: {mode: %s}",
        "approvals: {expire_after: %s}",
        "outgoing:\n  properties: |\n    mail.smtp.proxy.password=%s \n    mail.smtp.port=x",
        "oauth_applications: {x: {client_id: c, tenant: t, certificate: {private_key: %s, certificate: /x}}}",
        "sinks: {x: {kind: %s}}",
    ],
)
def test_no_fault_and_no_representation_shows_what_was_written_for_a_secret(text: str) -> None:
    assert not any(CANARY in fault for fault in faults_of(text.replace("%s", CANARY)))


def test_nothing_that_prints_settings_shows_a_secret() -> None:
    settings = settings_of(f"""
outgoing:
  username: u
  password: {CANARY}
  properties: "mail.smtp.proxy.host=p\\nmail.smtp.proxy.password={CANARY}"
""")

    shown = [
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        repr(settings.outgoing.smtp_session()),
    ]
    assert settings.outgoing.password is not None and settings.outgoing.password.read() == CANARY
    assert not any(CANARY in text for text in shown)


@pytest.mark.parametrize("section", ["sinks", "oauth_applications"])
def test_a_name_with_nothing_below_it_is_a_fault_and_no_part_that_is_missing(section: str) -> None:
    (fault,) = faults_of(f"{section}:\n  one:\n")
    assert fault.startswith("test.yaml:2:") and f"{section}.one: has no settings below it" in fault


def test_doubtful_settings_are_warnings_with_their_place() -> None:
    settings = settings_of(
        "outgoing:\n  host: mail.corp.test\n  properties: |\n"
        "    mail.smtp.ssl.trust=*\n    mail.smtp.chunksize=1\n"
    )

    trust, chunks = settings.warnings()
    assert trust.startswith("test.yaml:4:25: outgoing.properties: mail.smtp.ssl.trust takes any certificate")
    assert chunks.startswith(
        "test.yaml:5:5: outgoing.properties: mail.smtp.chunksize is accepted without effect"
    )


def test_secrets_that_cannot_be_read_are_faults_only_where_they_are_asked_for() -> None:
    text = "outgoing: {username: u, password: {file: /nonexistent/secret}}\n"

    assert len(faults_of(text)) == 1
    assert parse(text, "test.yaml", KINDS, check_secrets=False).outgoing.username == "u"


@pytest.mark.parametrize(("read_from", "moved_to"), [("INBOX", "inbox"), ("inbox", "INBOX")])
def test_mails_are_never_moved_into_their_own_folder_in_any_spelling(read_from: str, moved_to: str) -> None:
    """INBOX is the same in every case (RFC 3501 section 5.1)."""
    text = f"incoming: {{host: h.test, reply_folder: {read_from}, after_processing: {{move: {moved_to}}}}}"
    assert "name another one" in faults_of(text)[0]
