"""The built-in mail templates (Jinja2) and their style sheet; docs/templates.md says how to override them."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

# The names an operator's file may replace, besides adding templates with names of its own.
SUFFIXES = (".txt.j2", ".html.j2")


@cache
def builtin_templates() -> Mapping[str, str]:
    """Name → source of every template that comes with flexmaild, `style.css` among them."""
    return MappingProxyType(
        {
            entry.name: entry.read_text("utf-8")
            for entry in resources.files(__name__).iterdir()
            if entry.name.endswith((*SUFFIXES, ".css"))
        }
    )
