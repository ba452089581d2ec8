"""A real Postfix with opendkim: what it leaves in the folder, and what flexmaild believes of it."""

from collections.abc import Iterator, Mapping

import pytest

from tests.borders.kinds import settings
from tests.borders.loopback import Loopback
from tests.borders.proof import NOT_PROVEN, proof

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def border() -> Iterator[Loopback]:
    server = Loopback(strips=True)
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture(scope="module")
def left(border: Loopback) -> Mapping[str, bytes]:
    return border.left()


def proofs(border: Loopback, left: Mapping[str, bytes], honest: bool) -> dict[str, str]:
    borders = settings(border.border)["borders"]
    return {
        mail.name: proof(left[mail.name], mail.sender, borders)
        for mail in border.sent
        if mail.honest is honest and mail.name in left
    }


def test_the_results_stand_directly_above_the_received_of_the_same_server(left: Mapping[str, bytes]) -> None:
    names = [line.partition(b":")[0] for line in left["honest-bob"].splitlines() if line[:1].strip()]
    assert names[3:6] == [b"Authentication-Results", b"Received", b"DKIM-Signature"], left["honest-bob"]


def test_honest_senders_are_proven_but_for_those_the_docs_name(
    border: Loopback, left: Mapping[str, bytes]
) -> None:
    found = proofs(border, left, honest=True)
    unproven = {name for name, how in found.items() if how == NOT_PROVEN}
    assert unproven == set(border.border.unproven), found


def test_no_forgery_is_believed(border: Loopback, left: Mapping[str, bytes]) -> None:
    found = proofs(border, left, honest=False)
    assert len(found) > 100
    assert {name: how for name, how in found.items() if how != NOT_PROVEN} == {}
