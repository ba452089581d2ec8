"""What all tests share: the kit's fixtures, each of which starts nothing before a test asks for it."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from flexmaild.system import redaction

# How long an example takes says what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=20)
settings.load_profile("untimed")

pytest_plugins = [
    "tests.support.pki",
    "tests.support.dovecot",
    "tests.support.in_process",
    "tests.support.postfix",
    "tests.support.proxy",
    "tests.support.receiver",
    "tests.support.scripted",
    "tests.support.service_manager",
]


@pytest.fixture(autouse=True)
def no_secrets_of_others() -> Iterator[None]:
    """What one test calls a secret is a word in another."""
    redaction.THIS_PROCESS = redaction.Redactor()
    yield
