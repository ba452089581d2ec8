"""Tables that lie as TOML in a package of this program.

Apart, since packages of every layer read their table by it.
"""

import tomllib
from importlib.resources import files
from typing import Any


def read_table(package: str, name: str) -> dict[str, Any]:
    """The content of `name` in `package` (a module's `__package__`).

    Tables for errors are read at import: when the error occurs, an upgrade may have replaced the file, or the
    process may have no descriptor left.
    """
    return tomllib.loads((files(package) / name).read_text(encoding="utf-8"))
