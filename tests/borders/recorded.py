"""What real borders left in the folder, kept in `recorded/` for `make test`, where they do not run.

Of each border the honest mails as it runs by the docs, and some forged ones as it runs without stripping:
those hold most of what senders bring along. `python -m tests.borders --record` writes all anew.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.borders import packages
from tests.borders.border import Border

FOLDER = Path(__file__).parent / "recorded"

# Endings of the names of forged mails: the shapes that differ most.
_KEPT = (
    "bob-plain",
    "bob-dmarc-only",
    "bob-control",
    "nora-nul",
    "alice-auth-only",
    "alice-envelope-of-alice",
    "bob-with-a-hop",
    "bob-below-a-hop",
    "bob-greeting-1-named-with-a-hop",
    "bob-greeting-1-nameless-with-a-hop",
    "bob-greeting-2-nameless-with-a-hop",
    "bob-greeting-5-with-a-hop",
    "bob-greeting-6-with-a-hop",
    "odd-envelope-of-a-colleague",
    "nora-greeting-0-plain",
    "odd-envelope-odd-signature",
    "bob-dkim-alone",
    "bob-dkim-not-valid",
    "nora-dmarc-broken",
    "helo-nora-comments-null",
    "nora-message-id-blank",
    "nora-in-reply-to-tab",
)
# Without stripping, a program on the mail server itself can bring a whole false hop; no reader could tell.
_NOT_TOLD_APART = ("localhost-bob-with-a-hop",)
# What the Postfix of the live test shows is not kept.
_LIVE = ("postfix-opendkim",)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One mail. The sender is the address in From."""

    border: str
    name: str
    sender: str
    honest: bool
    data: bytes


def record(border: Border, honest: Iterable[str], forged: Iterable[str]) -> None:
    """Keep what the last runs of this border left."""
    if border.name in _LIVE:
        return
    target = FOLDER / border.name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    mails = packages.ROOT / "mails"
    kept = [(mails / border.name, name) for name in honest]
    kept += [
        (mails / f"{border.name}-bare", name)
        for name in forged
        if name.endswith(_KEPT) and name not in _NOT_TOLD_APART
    ]
    about: dict[str, Mapping[str, object]] = {}
    for folder, name in kept:
        source = folder / f"{name}.eml"
        if source.exists():
            (target / source.name).write_bytes(source.read_bytes())
            about[name] = json.loads((folder / "sent.json").read_text())["mails"][name]
    (target / "sent.json").write_text(json.dumps(about, indent=1) + "\n")


def recorded() -> list[Recorded]:
    """All that is kept."""
    found = []
    for index in sorted(FOLDER.glob("*/sent.json")):
        for name, about in json.loads(index.read_text()).items():
            data = (index.parent / f"{name}.eml").read_bytes()
            found.append(Recorded(index.parent.name, name, about["sender"], about["honest"], data))
    return found
