"""What all tests share: the kit's fixtures, each of which starts nothing before a test asks for it."""

from __future__ import annotations

pytest_plugins = [
    "tests.kit.pki",
    "tests.kit.dovecot",
    "tests.kit.in_process",
    "tests.kit.postfix",
    "tests.kit.proxy",
    "tests.kit.scripted",
    "tests.kit.service_manager",
]
