"""Takes the pictures of docs/images: our mails as chromium shows them, in light and dark, wide and narrow.

Run it after a change of the templates: `python packaging/screenshots.py [FOLDER]`. Needs chromium
and, for mails in Japanese, a font that has the letters. Sends nothing.
"""

import email
import email.policy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flexmaild.core.model import Approver, MailKind, Request, State, Terms
from flexmaild.core.work import MailOrder
from flexmaild.mail.compose.write import ComposeSettings, compose

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
REFERENCE = "FM1-NBSWY3DPEB3W64TMMQQGC3TEEBQWY3BAORUGKIDPORUGK4RAO"
COMPOSE_SETTINGS = ComposeSettings("noreply@example.org", "approvals@example.org", "example.org")
ANN = Approver("ann.lee@example.org", "Ann Lee", group="Operations")
REQUEST = Request(
    "ap-nbswy3dpeb3w64tm",
    Terms(
        title="Deploy web shop 4.2.0 to production",
        text="All 1,204 tests are green on staging since this morning.\n"
        "The database change can be undone; the deployment takes about six minutes.",
        approvers=(ANN, Approver("bo@example.org", "Bo Lindqvist")),
        expires_at=NOW + timedelta(days=2),
        requester="release-pipeline@example.org",
        metadata={"Project": "web-shop", "Environment": "production", "Build": "1187", "Commit": "9f3c2e1"},
    ),
    NOW,
)
DECIDED = replace(REQUEST, state=State.APPROVED, decided_at=NOW, decided_by=(ANN.address,))

# name, the mail, width and height of the window, dark
Picture = tuple[str, MailOrder, Request, int, int, bool]


def pictures() -> Iterator[Picture]:
    ask = MailOrder(MailKind.APPROVAL_REQUEST, ANN, REQUEST.id, 0)
    facts = {
        "answer": "approve",
        "state": "approved",
        "comment": "looks good to me,\nmetrics are green on all nodes",
    }
    answer = MailOrder(MailKind.ACCEPTED, ANN, REQUEST.id, 0, facts, "reply@example.org")
    yield "request", ask, REQUEST, 660, 890, False
    yield "request-dark", ask, REQUEST, 660, 890, True
    yield "request-phone", ask, REQUEST, 375, 1010, False
    yield "answer", answer, DECIDED, 660, 480, False


def html_of(order: MailOrder, request: Request) -> str:
    mail = email.message_from_bytes(
        compose(order, request, REFERENCE, COMPOSE_SETTINGS, date=NOW), policy=email.policy.default
    )
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def main(folder: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("chromium is not installed; on Debian: apt-get install chromium")
    folder.mkdir(parents=True, exist_ok=True)
    for name, order, request, width, height, dark in pictures():
        with tempfile.TemporaryDirectory() as work:
            page = Path(work) / "mail.html"
            # Headless windows are at least 500 pixels wide: a frame gives the narrower width of a phone.
            page.write_text(html_of(order, request), "utf-8")
            frame = Path(work) / "frame.html"
            frame.write_text(
                f'<!DOCTYPE html><meta name="color-scheme" content="light dark"><body style="margin:0">'
                f'<iframe src="mail.html" style="border:0;width:{width}px;height:{height}px"></iframe>',
                "utf-8",
            )
            subprocess.run(
                [
                    chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    f"--user-data-dir={work}/profile", f"--window-size={width},{height}",
                    f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                    f"--screenshot={folder / name}.png", frame.as_uri(),
                ],
                check=True, capture_output=True, timeout=120,
            )  # fmt: skip
            print(folder / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "docs" / "images")
