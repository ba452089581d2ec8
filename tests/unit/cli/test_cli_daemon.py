"""flexmaild: the settings named in any position, faults on stderr with 78, and nothing started by a check."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flexmaild.cli import demo
from flexmaild.cli.flexmaild import cli
from flexmaild.daemon import main

GOOD = """
outgoing: {host: mail.example.org, port: 25, from_address: bot@example.org}
state_directory: %s
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="flexmaild")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD % tmp_path)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text("outgoing: {host: mail.example.org, prot: 25}\nincoming: {process_count: -1}\n")
    return path


def test_good_settings_are_called_valid_whatever_the_position_of_the_option(good: Path) -> None:
    for arguments in (("check", "--config", str(good)), ("--config", str(good), "check")):
        done = run(*arguments)
        assert (done.exit_code, done.stdout) == (0, f"{good} is valid\n")


def test_the_option_after_the_command_wins(good: Path, bad: Path) -> None:
    assert run("--config", str(bad), "check", "--config", str(good)).exit_code == 0


def test_what_a_start_would_meet_is_a_fault_of_check(good: Path) -> None:
    """A word that decides both ways, and a broken template, although each setting is right by itself."""
    settings = good.read_text()
    good.write_text(f"{settings}approvals:\n  words:\n    approve: [Abgelehnt]\n")
    done = run("check", "--config", str(good))
    assert (done.exit_code, "good.yaml:6:5: approvals.words" in done.stderr) == (78, True), done.stderr
    (good.parent / "accepted.txt.j2").write_text("a\n{{ nonsense }}")
    good.write_text(f"{settings}notifications: {{templates: {good.parent}}}\n")
    done = run("check", "--config", str(good))
    assert (done.exit_code, "accepted.txt.j2:2" in done.stderr) == (78, True), done.stderr


@pytest.mark.parametrize(("place", "said"), [("good.yaml", "cannot be read"), ("x" * 300, "longer than")])
def test_a_place_for_templates_that_cannot_be_read_is_a_fault_of_check(
    good: Path, place: str, said: str
) -> None:
    settings = good.read_text()
    good.write_text(f"{settings}notifications: {{templates: {good.parent / place}}}\n")
    done = run("check", "--config", str(good))
    assert done.exit_code == 78 and "notifications.templates" in done.stderr and said in done.stderr


def test_a_secret_file_whose_name_no_file_can_have_is_a_fault(good: Path) -> None:
    good.write_text(
        good.read_text().replace("from_address", 'username: u, password: {file: "/a\\0b"}, from_address')
    )
    done = run("check", "--config", str(good))
    assert (done.exit_code, "outgoing.password" in done.stderr) == (78, True), done


@pytest.mark.parametrize("command", ["check", "config"])
def test_every_fault_has_a_line_of_its_own_with_its_place(bad: Path, command: str) -> None:
    done = run(command, "--config", str(bad))
    assert done.exit_code == 78
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith(f"{bad}:") for line in lines)
    assert "outgoing.prot" in done.stderr
    assert "incoming.process_count" in done.stderr


def test_a_settings_file_that_is_not_there_is_78(tmp_path: Path) -> None:
    done = run("check", "--config", str(tmp_path / "none.yaml"))
    assert done.exit_code == 78
    assert "none.yaml" in done.stderr


def test_the_settings_in_force_are_shown_whole_or_as_differences(good: Path) -> None:
    whole, different = run("config", "--config", str(good)), run("config", "--diff", "--config", str(good))
    assert whole.exit_code == different.exit_code == 0
    assert "process_interval" in whole.stdout
    assert "process_interval" not in different.stdout
    assert "mail.example.org" in different.stdout


def test_the_schema_is_json() -> None:
    done = run("schema")
    assert done.exit_code == 0
    assert '"outgoing"' in done.stdout


def test_without_a_command_the_daemon_runs_and_its_result_is_the_exit_code(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []

    def run_daemon(config: Path) -> int:
        seen.append(config)
        return 78

    monkeypatch.setattr(main, "run", run_daemon)
    assert run("--config", str(good)).exit_code == 78
    assert seen == [good]


@pytest.mark.parametrize("interactive", [False, True])
def test_the_demo_ends_with_its_own_result(interactive: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "run", lambda asked: 0 if asked is interactive else 1)
    assert run("demo", *(["--interactive"] if interactive else [])).exit_code == 0


def test_an_unknown_command_is_wrong_usage() -> None:
    assert run("chekc").exit_code == 2
