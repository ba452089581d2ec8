"""The warnings that a caller gets with a new request, about approvers who may not be able to answer.

Made of settings and of past mails alone; nothing here looks at DNS. Called by `api` when a request is opened.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from flexmaild.core.addresses import domain_of
from flexmaild.core.approval import proof
from flexmaild.core.model import Approver, Requirement
from flexmaild.core.work import ApproverPast

# RFC 3463.
_STATUS = re.compile(r"\b[45]\.[0-9]{1,3}\.[0-9]{1,3}\b")


@dataclass(frozen=True, slots=True)
class ApproverWarning:
    """Why an approver may not be able to answer, by settings and past mails.

    never_proven: no reply of theirs was ever proven as required. cannot_be_proven: none can be, under the
    settings. bounced_before: a mail to them bounced, and they have not answered since.
    """

    code: Literal["never_proven", "cannot_be_proven", "bounced_before"]
    approver: str
    detail: str


def warnings(
    invited: Iterable[Approver],
    past: Mapping[str, ApproverPast],
    require: Requirement,
    *,
    reads_logins: bool,
    own_domains: frozenset[str],
) -> list[ApproverWarning]:
    """The warnings, in the order of the approvers.

    reads_logins: a border may report who logged in. own_domains: the domains of our own addresses, whose
    users log in at our own server.
    """
    found: list[ApproverWarning] = []
    for approver in invited:
        known = past.get(approver.address)
        if require != "reference" and not (known and proof.satisfies(known.proofs, require)):
            obstacle = _obstacle(approver, require, reads_logins, own_domains)
            if obstacle:
                found.append(ApproverWarning("cannot_be_proven", approver.address, obstacle))
            else:
                detail = _past_replies(known, require)
                found.append(ApproverWarning("never_proven", approver.address, detail))
        if known and known.bounced:
            found.append(ApproverWarning("bounced_before", approver.address, _past_bounce(known)))
    return found


def _obstacle(
    approver: Approver, require: Requirement, reads_logins: bool, own_domains: frozenset[str]
) -> str:
    """Why no mail of theirs can be proven under these settings; empty where one may."""
    if require != "auth":
        return ""
    if not reads_logins:
        return "auth is required, and no border of the settings says who logged in (submission: true)"
    domains = {domain_of(address) for address in (approver.address, *approver.aliases)}
    if domains.isdisjoint(own_domains):
        return (
            f"auth is required, which proves users of your own server alone; {domain_of(approver.address)} "
            f"is none of its domains ({', '.join(sorted(own_domains))})"
        )
    return ""


def _past_replies(known: ApproverPast | None, require: Requirement) -> str:
    """How their replies so far were proven, as a sentence."""
    if known is None or not known.mails:
        return f"{require} is required, and no reply of theirs has come yet"
    replies = "their one reply was" if known.mails == 1 else f"of their {known.mails} replies none was"
    last = f" (the last on {known.last_mail_at:%Y-%m-%d})" if known.last_mail_at else ""
    not_ = "not " if known.mails == 1 else ""
    return f"{require} is required, and {replies} {not_}proven by it{last}"


def _past_bounce(known: ApproverPast) -> str:
    """The bounce that was not followed by an answer, as a sentence."""
    on = f" on {known.bounced_at:%Y-%m-%d}" if known.bounced_at else ""
    # The code alone: the words of a server may quote another caller's mail.
    status = _STATUS.search(known.bounced)
    code = f" ({status[0]})" if status else ""
    return f"a mail to this address bounced{on}{code}, and no answer of theirs has come since"
