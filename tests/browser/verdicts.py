"""What a real browser showed of the pages: read by the test, written by `renew.py`.

Its own module because the test must not import what starts a browser.
"""

import hashlib
import json
from pathlib import Path

VERDICTS = Path(__file__).with_name("verdicts.json")


def digest(page: str) -> str:
    """The verdict is about this page and no other."""
    return hashlib.sha256(page.encode()).hexdigest()[:16]


def verdicts() -> dict[str, tuple[str, bool]]:
    """For each page's id its digest and whether its word was seen."""
    kept = json.loads(VERDICTS.read_text(encoding="utf-8"))
    return {name: (verdict["page"], verdict["visible"]) for name, verdict in kept.items()}
