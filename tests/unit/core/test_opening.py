"""What may be asked: defaults, stricter wishes, and every fault at once with its path."""

from datetime import timedelta
from typing import Any

import pytest

from flexmaild.core.approval import opening
from flexmaild.core.approval.opening import AskedApprover, Policy, RequestedApproval
from flexmaild.core.errors import Refused
from tests.unit.core.make import DAY, HOUR, NOW, PEOPLE, asked, policy_with

POLICY = policy_with(sinks=("folder",), remind_after=(DAY, 3 * DAY), max_approvers=5)


def terms(*addresses: str, policy: Policy = POLICY, **ask: Any) -> opening.Terms:
    return opening.terms_of(RequestedApproval("t", "x", asked(*addresses), **ask), policy, NOW)


def faults(*addresses: str, policy: Policy = POLICY, **ask: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        terms(*addresses, policy=policy, **ask)
    return [str(f) for f in refused.value.faults]


def test_the_settings_fill_in_what_the_caller_leaves_out() -> None:
    found = terms(*PEOPLE)
    assert found.expires_at == NOW + 7 * DAY
    assert found.remind_at == (NOW + DAY, NOW + 3 * DAY)
    assert found.sinks == ("folder",)
    assert found.any_reject


def test_a_sink_for_requests_that_name_it_gets_no_others() -> None:
    policy = policy_with(sinks=("folder", "jenkins"), only_named=frozenset(["jenkins"]))
    assert terms(*PEOPLE, policy=policy).sinks == ("folder",)
    assert terms(*PEOPLE, policy=policy, sinks=("jenkins",)).sinks == ("jenkins",)


def test_reminders_after_the_end_are_left_out() -> None:
    assert terms(*PEOPLE, expires_in=2 * DAY).remind_at == (NOW + DAY,)


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        ("reference", None, "reference"),
        ("reference", "dmarc", "dmarc"),
        ("dmarc", "reference", "dmarc"),
        ("dmarc", None, "dmarc"),
        ("dmarc", "auth", "auth"),
        ("dkim", "dmarc", "dkim"),
    ],
)
def test_a_request_may_be_stricter_never_laxer(ours: Any, theirs: Any, result: str) -> None:
    assert terms(*PEOPLE, policy=policy_with(require=ours), require=theirs).require == result


def test_addresses_get_one_normal_form() -> None:
    found = terms("Alice@Corp.TEST", "bob@bücher.test")
    assert [a.address for a in found.approvers] == ["alice@corp.test", "bob@xn--bcher-kva.test"]


CASES: dict[str, tuple[tuple[str, ...], dict[str, Any], str]] = {
    "nobody": ((), {}, "approvers: names nobody"),
    "twice under another case": (
        ("alice@corp.test", "Alice@Corp.test"),
        {},
        "approvers.1: alice@corp.test is named already at approvers.0",
    ),
    "ten thousand": (
        tuple(f"a{i}@corp.test" for i in range(10_000)),
        {},
        "approvers: 10000 approvers are more than approvals.max_approvers allows (5)",
    ),
    "no address": (("alice",), {}, "approvers.0: 'alice' is not an address"),
    "header injection": (("a@corp.test\nBcc: x@y.test",), {}, "approvers.0: "),
    "the past": (PEOPLE, {"expires_in": timedelta(seconds=-1)}, "expires_in: must lie in the future"),
    "ten years": (PEOPLE, {"expires_in": 3650 * DAY}, "expires_in: "),
    "too many needed": (PEOPLE, {"quorum": 4}, "quorum: 4 cannot be reached by 3"),
    "none needed": (PEOPLE, {"quorum": 0}, "quorum: must be at least 1"),
    "groups without groups": (PEOPLE, {"quorum": "each_group"}, "quorum: each_group needs"),
    "an unknown sink": (PEOPLE, {"sinks": ("jenkins",)}, "sinks.0: 'jenkins' is not a sink"),
    "only the barred requester": (
        ("alice@corp.test",),
        {"requester": "alice@corp.test", "allow_requester": False},
        "approvers: only the requester is named",
    ),
    "a requester without address barred": (
        PEOPLE,
        {"requester": "jenkins", "allow_requester": False},
        "requester: must be a mail address",
    ),
    "escalation to nobody": (PEOPLE, {"escalate_after": HOUR}, "escalate_to: names nobody"),
}


@pytest.mark.parametrize(("addresses", "ask", "expected"), CASES.values(), ids=CASES)
def test_bad_asks_are_refused_with_path_and_reason(
    addresses: tuple[str, ...], ask: dict[str, Any], expected: str
) -> None:
    assert any(fault.startswith(expected) for fault in faults(*addresses, **ask))


def test_all_faults_come_at_once() -> None:
    found = faults("alice", quorum="any", sinks=("x", "y"), expires_in=timedelta(0))
    assert [fault.partition(":")[0] for fault in found] == ["approvers.0", "expires_in", "sinks.0", "sinks.1"]


def test_an_alias_of_another_approver_is_a_fault() -> None:
    both = (
        AskedApprover("approvers.0", "alice@corp.test"),
        AskedApprover("approvers.1", "bob@corp.test", aliases=("alice@corp.test",)),
    )
    with pytest.raises(Refused, match="named already"):
        opening.terms_of(RequestedApproval("t", "x", both), POLICY, NOW)


def test_a_proof_that_nobody_can_give_is_refused_at_once() -> None:
    (fault,) = faults(*PEOPLE, require="dmarc", policy=policy_with(can_prove=frozenset(("reference",))))
    assert "trusts no results" in fault


def test_whoever_escalation_asks_is_nobody_who_was_asked_under_an_alias() -> None:
    helper = AskedApprover("escalate_to.0", "boss@corp.test", aliases=(PEOPLE[0],))
    assert "approver already" in faults(*PEOPLE, escalate_after=HOUR, escalate_to=(helper,))[0]


def test_an_expiry_beyond_all_calendars_is_a_fault_like_another() -> None:
    assert any("expires_in" in fault for fault in faults(*PEOPLE, expires_in=timedelta.max))
