"""Every settings file shown on a page is one that `flexmaild check` accepts."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from flexmaild.daemon.wiring import load_settings
from flexmaild.settings.schema import Settings
from tests.support.pem import key_and_certificate

ROOT = Path(__file__).resolve().parents[3]
# Long enough for a key of references, and a key that signs webhooks.
SECRET = f"whsec_{'A' * 43}="
SECTIONS = {*Settings.model_fields}
BLOCK = re.compile(r"^( *)```ya?ml\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[str, str]]:
    """(place, text) of each block that is a settings file: a mapping with a section of ours at its top."""
    found = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text("utf-8")
        for block in BLOCK.finditer(text):
            value = yaml.safe_load(block[2])
            if isinstance(value, dict) and SECTIONS.intersection(value):
                line = text.count("\n", 0, block.start()) + 1
                found.append((f"{page.name}:{line}", block[2]))
    return found


def placed(value: Any, files: Path) -> Any:
    """The value with every file of an operator's machine replaced by one of ours."""
    if isinstance(value, list):
        return [placed(one, files) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"file"}:
        return {"file": _file(files, key_and_certificate()[0] if "pem" in value["file"] else SECRET)}
    if set(value) == {"credential"}:
        return "x" * 44
    result = {key: placed(one, files) for key, one in value.items()}
    if "command" in value:
        result["command"] = ["/bin/true", *value["command"][1:]]
    for key in ("ca_file", "certificate"):
        if isinstance(value.get(key), str):
            result[key] = _file(files, key_and_certificate()[1])
    return result


def _file(files: Path, text: str) -> str:
    path = files / f"file-{len(list(files.iterdir()))}"
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_the_pages_hold_examples() -> None:
    pages = {place.partition(":")[0] for place, _ in examples()}
    assert {"README.md", "microsoft-365.md", "google.md"} <= pages


@pytest.mark.parametrize(("place", "text"), examples(), ids=[place for place, _ in examples()])
def test_an_example_is_accepted(place: str, text: str, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    settings = placed(yaml.safe_load(text), files)
    config = tmp_path / "flexmaild.yaml"
    config.write_text(yaml.safe_dump(settings))
    config.chmod(0o600)
    load_settings(config)
