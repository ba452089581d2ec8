"""The base class of every group of settings, including those of transports and sinks.

A field is declared once: type, default, bounds and, as the docstring below it, the description. The check,
the sample file, the reference page and the JSON schema follow from it.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

from flexmaild.settings.faults import Finding, Path
from flexmaild.settings.secrets import Secret

# Marks a field whose change needs a restart of the daemon.
RESTART: JsonDict = {"restart": True}


class Section(BaseModel):
    """A frozen group of settings that takes no unknown key and shows no input in its errors."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
        populate_by_name=True,
    )

    def findings(self) -> Iterator[Finding]:
        """The section's own rules, which one field alone cannot state; `settings.relations` has those between
        sections.

        To add rules in an adapter's class, override this and begin with `yield from super().findings()`.
        Yield a `Finding` with a path relative to this section: `Finding(("path",), "is not a directory")`.
        """
        yield from ()


def children(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in a section with its path as in the file, the section itself first."""
    yield path, value
    if isinstance(value, Section):
        for name, field in type(value).model_fields.items():
            yield from children(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from children(item, (*path, number))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from children(item, (*path, key))


def secrets_in(value: Any) -> Iterator[tuple[Path, Secret]]:
    """Every secret in a section with its path."""
    return ((path, item) for path, item in children(value) if isinstance(item, Secret))
