"""Tokens at rest: encrypted, private, replaced whole, and told clearly when they cannot be used."""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from flexmaild.core.errors import TryLater
from flexmaild.oauth.errors import OAuthFault
from flexmaild.oauth.token_store import TokenStore

KEY = "0123456789abcdef0123456789abcdef"
TEXT = b"refresh-token-in-clear"


def test_what_is_written_is_read_again_and_is_not_on_disk_in_clear(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "tokens", {"m365": lambda: KEY})
    store.write("m365", TEXT)
    assert store.read("m365") == TEXT
    assert all(TEXT not in p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_files_and_directory_are_for_the_owner_alone(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "tokens")
    store.write("m365", TEXT)
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "tokens").iterdir()} == {0o600}


def test_any_application_name_stays_within_the_directory(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "tokens", {"m365": lambda: KEY})
    for name in ("../../etc/passwd", ".", "..", "a/b", "key", "Ünïcode"):
        store.write(name, name.encode())
        assert store.path(name).parent == tmp_path / "tokens"
        assert store.read(name) == name.encode()


def test_another_key_is_a_fault_that_says_how_to_go_on(tmp_path: Path) -> None:
    TokenStore(tmp_path, {"m365": lambda: KEY}).write("m365", TEXT)
    with pytest.raises(TryLater, match="cannot be decrypted") as error:
        TokenStore(tmp_path, {"m365": lambda: KEY[::-1]}).read("m365")
    assert "authorize" in error.value.cure


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TryLater, match="shorter than 32"):
        TokenStore(tmp_path, {"m365": lambda: "secret"}).write("m365", TEXT)


def test_a_key_file_others_can_read_is_refused(tmp_path: Path) -> None:
    store = TokenStore(tmp_path)
    store.write("m365", TEXT)
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(TryLater, match="others may read"):
        store.read("m365")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("not a directory")
    with pytest.raises(TryLater, match="tokens"):
        TokenStore(tmp_path / "tokens", {"m365": lambda: KEY}).write("m365", TEXT)


def test_a_failed_replacement_leaves_the_old_tokens_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = TokenStore(tmp_path, {"m365": lambda: KEY})
    store.write("m365", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TryLater, match="No space left"):
        store.write("m365", b"new")
    assert store.read("m365") == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["m365.token"]


def test_forgetting_removes_the_file_once(tmp_path: Path) -> None:
    store = TokenStore(tmp_path, {"m365": lambda: KEY})
    store.write("m365", TEXT)
    assert (store.forget("m365"), store.forget("m365")) == (True, False)
    assert store.read("m365") is None


def test_a_key_file_left_empty_by_a_crash_is_made_anew_while_nothing_needs_it(tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0o600)
    store = TokenStore(tmp_path)
    store.write("m365", TEXT)
    assert store.read("m365") == TEXT


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"short", b"x" * 44 + b"\n" * 9])
def test_a_damaged_key_is_never_replaced_under_tokens(tmp_path: Path, content: bytes) -> None:
    store = TokenStore(tmp_path)
    store.write("m365", TEXT)
    key = (tmp_path / "key").read_bytes()
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(OAuthFault, match="damaged") as error:
        store.read("m365")
    assert error.value.dead and "backup" in error.value.cure
    (tmp_path / "key").write_bytes(key)
    assert store.read("m365") == TEXT


@pytest.mark.parametrize(
    "damage", [lambda b: b"", lambda b: b[:40], lambda b: b[:-9] + b"A" * 9, lambda b: b"x"]
)
def test_a_damaged_token_file_is_a_lasting_fault_that_names_the_file(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    store = TokenStore(tmp_path, {"m365": lambda: KEY})
    store.write("m365", TEXT)
    store.path("m365").write_bytes(damage(store.path("m365").read_bytes()))
    with pytest.raises(OAuthFault, match=r"m365\.token") as error:
        store.read("m365")
    assert error.value.dead and error.value.code == "token_file"


def test_two_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    stores = [TokenStore(tmp_path) for _ in range(8)]
    threads = [threading.Thread(target=store.write, args=(f"m{n}", TEXT)) for n, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [stores[0].read(f"m{n}") for n in range(8)] == [TEXT] * 8
