"""Write the pages made from declarations and tables: config/flexmaild.yaml and three pages in docs/.

Run it from the root of the checkout after changing a setting or a table: python packaging/regenerate.py
"""

from pathlib import Path

from pages.errors_page import errors_page
from pages.javamail_page import javamail_page
from pages.sample import sample
from pages.settings_page import settings_page

from flexmaild.settings.load import Kinds
from flexmaild.sinks import SINKS
from flexmaild.transports import INCOMING, OUTGOING

ROOT = Path(__file__).resolve().parent.parent
KINDS = Kinds(OUTGOING, INCOMING, SINKS)


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    return {
        ROOT / "config" / "flexmaild.yaml": sample(KINDS),
        ROOT / "docs" / "settings.md": settings_page(KINDS),
        ROOT / "docs" / "javamail-properties.md": javamail_page(),
        ROOT / "docs" / "errors-oauth.md": errors_page(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
