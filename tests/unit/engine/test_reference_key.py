"""Ids made with a former key of references stay known as ours."""

from pathlib import Path

from flexmaild.core import references
from flexmaild.core.references import ReferenceKeys
from flexmaild.engine.keys.reference_key import KNOWN_KEYS_FILE, keys_of_ids, remember_key
from flexmaild.settings.schema import Settings

FIRST, SECOND = b"1" * 32, b"an operator's own key"


def test_ids_of_former_keys_are_known_after_any_change(tmp_path: Path) -> None:
    settings = Settings(state_directory=tmp_path)
    ids = [references.request_id(key, b"random") for key in (FIRST, SECOND)]
    assert remember_key(settings, ReferenceKeys(FIRST)) == (FIRST,)
    assert remember_key(settings, ReferenceKeys(SECOND)) == (SECOND, FIRST)
    known = remember_key(settings, ReferenceKeys(FIRST))
    assert set(known) == {FIRST, SECOND} and known[0] == FIRST
    assert all(references.is_ours(keys_of_ids(settings, ReferenceKeys(SECOND)), one) for one in ids)
    assert (tmp_path / KNOWN_KEYS_FILE).stat().st_mode & 0o777 == 0o600


def test_looking_notes_nothing(tmp_path: Path) -> None:
    assert keys_of_ids(Settings(state_directory=tmp_path), ReferenceKeys(FIRST)) == (FIRST,)
    assert not list(tmp_path.iterdir())


def test_a_damaged_line_costs_no_other_key(tmp_path: Path) -> None:
    settings = Settings(state_directory=tmp_path)
    remember_key(settings, ReferenceKeys(FIRST))
    file = tmp_path / KNOWN_KEYS_FILE
    file.write_bytes(b"\xff\x00zz\n0\n\n" + file.read_bytes())
    assert remember_key(settings, ReferenceKeys(SECOND)) == (SECOND, FIRST)
