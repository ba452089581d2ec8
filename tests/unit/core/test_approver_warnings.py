"""The warnings that a caller gets about approvers."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from flexmaild.core.documents import approver_warnings
from flexmaild.core.model import Approver, Requirement
from flexmaild.core.work import ApproverPast

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANN = Approver("ann@corp.test", aliases=("a@corp.test",))
BOB = Approver("bob@partner.test")
PAST = ApproverPast("ann@corp.test", 2, frozenset(), NOW, "", None, NOW)


def warned(
    require: Requirement, *approvers: Approver, past: tuple[ApproverPast, ...] = (), **settings: Any
) -> list[tuple[str, str]]:
    facts: dict[str, Any] = {"reads_logins": True, "own_domains": frozenset(("corp.test",))} | settings
    found = approver_warnings.warnings(approvers, {one.address: one for one in past}, require, **facts)
    return [(one.code, one.approver) for one in found]


def test_where_the_reference_is_enough_nobody_need_be_proven() -> None:
    assert warned("reference", ANN, BOB, reads_logins=False) == []


@pytest.mark.parametrize(
    ("proofs", "satisfied"),
    [
        ("", ()),
        ("dmarc", ("dmarc",)),
        ("dkim", ("dmarc", "dkim")),
        ("internal", ("dmarc", "dkim")),
        ("auth", ("dmarc", "dkim", "auth")),
    ],
)
def test_a_proof_of_before_is_one_that_would_do_now(proofs: str, satisfied: tuple[str, ...]) -> None:
    past = replace(PAST, proofs=frozenset(proofs.split()))
    requirements: tuple[Requirement, ...] = ("dmarc", "dkim", "auth")
    for require in requirements:
        expected = [] if require in satisfied else [("never_proven", ANN.address)]
        assert warned(require, ANN, past=(past,)) == expected


def test_auth_proves_users_of_the_own_server_alone() -> None:
    assert warned("auth", ANN, BOB) == [("never_proven", ANN.address), ("cannot_be_proven", BOB.address)]
    assert warned("auth", replace(BOB, aliases=("bob@corp.test",))) == [("never_proven", BOB.address)]
    assert warned("auth", ANN, reads_logins=False) == [("cannot_be_proven", ANN.address)]
    proven = replace(PAST, address=BOB.address, proofs=frozenset(("auth",)))
    assert warned("auth", BOB, past=(proven,)) == []


def test_a_mail_that_came_back_is_told_by_its_code_alone() -> None:
    past = replace(PAST, bounced="5.1.1 <ann@corp.test>: Subject: the secret", bounced_at=NOW)
    (one,) = approver_warnings.warnings(
        [ANN], {ANN.address: past}, "reference", reads_logins=True, own_domains=frozenset()
    )
    assert one.code == "bounced_before"
    assert one.detail == (
        "a mail to this address bounced on 2026-03-01 (5.1.1), and no answer of theirs has come since"
    )
    assert warned("dmarc", ANN, past=(past,)) == [
        ("never_proven", ANN.address),
        ("bounced_before", ANN.address),
    ]


def test_how_often_it_was_not_proven_is_told() -> None:
    (one,) = approver_warnings.warnings(
        [ANN], {ANN.address: PAST}, "dmarc", reads_logins=True, own_domains=frozenset()
    )
    assert (
        one.detail
        == "dmarc is required, and of their 2 replies none was proven by it (the last on 2026-03-01)"
    )
