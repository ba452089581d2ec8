"""A secret is read at each use, from where the operator said, and from nowhere that others can read."""

from pathlib import Path

import pytest

from flexmaild.core.errors import Reason, TryLater
from flexmaild.settings.secrets import Secret


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "smtp.secret"
    path.write_text("first\n")
    path.chmod(0o600)
    return path


def test_a_changed_file_gives_the_new_value_without_a_reload(file: Path) -> None:
    secret = Secret("file", str(file))
    before = secret.read()
    file.write_text("second")

    assert (before, secret.read()) == ("first", "second")


def test_one_trailing_newline_is_removed_and_no_more(file: Path) -> None:
    file.write_bytes(b" a b \n\n")

    assert Secret("file", str(file)).read() == " a b \n"


def test_a_file_that_every_user_can_read_is_refused_with_the_cure(file: Path) -> None:
    file.chmod(0o644)

    with pytest.raises(TryLater) as caught:
        Secret("file", str(file)).read()

    assert caught.value.reason is Reason.AUTH
    assert f"chmod 0600 {file}" in str(caught.value)
    assert "first" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "word"), [(b"", "empty"), (b"\n", "empty"), (b"\xff", "UTF-8"), (b"a" * 70000, "64 KiB")]
)
def test_a_file_that_holds_no_secret_is_named(file: Path, content: bytes, word: str) -> None:
    file.write_bytes(content)

    assert word in Secret("file", str(file)).problem()


def test_environment_and_systemd_credentials_are_read_at_use(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEXMAILD_TEST_SECRET", "from the environment")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(file.parent))

    assert Secret("env", "FLEXMAILD_TEST_SECRET").read() == "from the environment"
    assert Secret("credential", file.name).read() == "first"


def test_a_credential_outside_of_systemd_says_what_the_unit_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)

    assert "LoadCredential=smtp:PATH" in Secret("credential", "smtp").problem()


def test_a_secret_never_shows_itself() -> None:
    assert "hunter2" not in f"{Secret('plain', 'hunter2')!r} {Secret('plain', 'hunter2')}"
