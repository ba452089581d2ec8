"""What one border is for this harness: packages, the settings that docs/borders.md shows, how to start it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

HOST = "mail.example.test"
REPLIES = "approvals@example.test"


_STRIPS = re.compile(
    r"^(header_checks =|smtpd_sender_restrictions =| *warn +remove_header).*\n", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Started:
    """Where a running border takes mail, and where it leaves it."""

    folder: str
    smtp: str = "203.0.113.25"
    submission: str = ""
    """"" where colleagues do not hand in mail by this server."""
    past_the_gateway: str = ""
    """The address of an inner server that outsiders should not reach, but do here."""


@dataclass(frozen=True, slots=True)
class Border:
    """`shown` maps a file of the border to the lines that matter; `start` writes the rest and starts it."""

    name: str
    title: str
    packages: tuple[str, ...]
    shown: Mapping[str, str]
    settings: str
    start: Callable[[Border], Started]
    unproven: Mapping[str, str] = field(default_factory=dict)
    """Honest mails that this border cannot prove, with the reason."""
    odd_envelopes: bool = False
    """Whether to try envelope senders that write into the border's own field."""

    def bare(self) -> Border:
        """The same without the lines that strip what senders bring along."""
        texts = {path: _STRIPS.sub("", text) for path, text in self.shown.items()}
        return replace(self, shown=texts)
