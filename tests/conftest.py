"""What all tests share: the kit's fixtures, each of which starts nothing before a test asks for it."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("untimed")

pytest_plugins = [
    "tests.kit.pki",
    "tests.kit.dovecot",
    "tests.kit.in_process",
    "tests.kit.postfix",
    "tests.kit.proxy",
    "tests.kit.scripted",
    "tests.kit.service_manager",
]
