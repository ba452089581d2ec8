"""What docs/borders.md shows for each border is what the harness runs the real software with."""

from pathlib import Path

import pytest

from tests.borders.border import Border
from tests.borders.kinds import BORDERS, yaml_text

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "borders.md").read_text("utf-8")


@pytest.mark.parametrize("border", BORDERS, ids=[border.name for border in BORDERS])
def test_the_page_shows_the_lines_that_were_run(border: Border) -> None:
    assert f"\n## {border.title}\n" in PAGE
    for path, text in border.shown.items():
        assert all(f"```\n{part}```\n" in PAGE for part in parts(border, path, text)), path


@pytest.mark.parametrize("border", BORDERS, ids=[border.name for border in BORDERS])
def test_the_section_shows_the_settings_that_were_judged(border: Border) -> None:
    section = PAGE.partition(f"\n## {border.title}\n")[2].partition("\n## ")[0]
    assert f"```yaml\n{yaml_text(border)}```\n" in section


def parts(border: Border, path: str, text: str) -> list[str]:
    """The blocks that make up a file: what an earlier border has in it is not shown again."""
    earlier = [other.shown.get(path, "") for other in BORDERS[: BORDERS.index(border)]]
    same = next((other for other in earlier if other and text.startswith(other)), "")
    return [part for part in (same, text.removeprefix(same)) if part]
