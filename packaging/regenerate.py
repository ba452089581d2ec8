"""Write the pages made from declarations and tables: config/flexmaild.yaml and three pages in docs/.

Run it from the root of the checkout after changing a setting or an error: python packaging/regenerate.py
"""

from pathlib import Path

from flexmaild.settings.load import Kinds
from flexmaild.settings.reference import javamail_page, reference
from flexmaild.settings.sample import sample
from flexmaild.sinks import SINKS
from flexmaild.transports import INCOMING, OUTGOING
from flexmaild.transports.errors_page import errors_page

ROOT = Path(__file__).resolve().parent.parent
KINDS = Kinds(OUTGOING, INCOMING, SINKS)


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    return {
        ROOT / "config" / "flexmaild.yaml": sample(KINDS),
        ROOT / "docs" / "settings.md": reference(KINDS),
        ROOT / "docs" / "javamail-properties.md": javamail_page(),
        ROOT / "docs" / "errors-oauth.md": errors_page(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
