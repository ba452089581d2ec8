"""How many examples a property is tried on: all in `make test`, a part of them in `make quick`."""

from typing import Any

from hypothesis import settings


def examples(number: int, **more: Any) -> settings:
    """So many where a profile asks for a hundred (`tests/conftest.py`), else as many in proportion."""
    return settings(max_examples=max(5, number * settings().max_examples // 100), **more)
