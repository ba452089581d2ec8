"""Every mistake in `tests/settings/bad` is found, where it stands, in words; and nothing else is.

A file's last lines say what is expected of it: `# expect LINE:COLUMN: PATH: TEXT`.
"""

from pathlib import Path

import pytest

from flexmaild.languages.load import WRITTEN
from flexmaild.settings.faults import SettingsError
from flexmaild.settings.load import load
from tests.unit.settings.kinds import KINDS

BAD = sorted((Path(__file__).parents[2] / "settings" / "bad").glob("*.yaml"))


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_each_mistake_is_named_with_its_line_and_column(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [line.removeprefix("# expect ") for line in lines if line.startswith("# expect ")]

    with pytest.raises(SettingsError) as caught:
        load(path, outgoing=KINDS.outgoing, incoming=KINDS.incoming, sinks=KINDS.sinks)

    languages = "', '".join(WRITTEN[:-1])
    expected = [line.replace("{languages}", f"'{languages}' or '{WRITTEN[-1]}'") for line in expected]
    assert expected
    assert [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults] == expected


def test_there_is_one_file_for_each_of_more_than_fifty_mistakes() -> None:
    assert len(BAD) > 50
