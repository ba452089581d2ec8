"""The lines of known_lines.txt, by what writes them; each entry as a mail has it, with its line ends."""

from pathlib import Path


def _sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line[1:-1].islower() and line[1:-1].isalpha() and line.endswith("s]"):
            entries = found.setdefault(line[1:-1], [])
        elif line and not line.startswith("# "):
            entries.append(line.replace("\\n", "\n"))
    return found


_FOUND = _sections()
DEVICES, FOOTERS, BANNERS = _FOUND["devices"], _FOUND["footers"], _FOUND["banners"]
CLASSIFICATIONS, SIGNATURES, DISCLAIMERS = (
    _FOUND["classifications"],
    _FOUND["signatures"],
    _FOUND["disclaimers"],
)
