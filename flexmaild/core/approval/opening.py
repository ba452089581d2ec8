"""Makes the terms of a request from what a caller asks: fills in defaults, and finds every fault at once.

Called by `api` with the caller's `RequestedApproval` and the operator's `Policy`; pure, so that the same
input gives the same terms.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flexmaild.core import durations, references, timing
from flexmaild.core.access import NOBODYS, Ownership
from flexmaild.core.addresses import normal
from flexmaild.core.approval import quorum
from flexmaild.core.approval.proof import stricter
from flexmaild.core.errors import NotAllowed, Refused
from flexmaild.core.model import (
    Approver,
    Attachment,
    Json,
    OnExpiry,
    Quorum,
    Request,
    Requirement,
    Terms,
)

MAX_EXPIRY = timedelta(days=365)
# As written, of the setting as well.
MAX_SETTLE = "24h"


@dataclass(frozen=True, slots=True)
class AskedApprover:
    """An approver as the caller wrote it; `path` is where ("approvers.2" or "approvers.0.members.1")."""

    path: str
    address: str
    name: str = ""
    aliases: tuple[str, ...] = ()
    group: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class RequestedApproval:
    """A caller's request for approval; None means "as the settings say"."""

    title: str
    text: str
    approvers: tuple[AskedApprover, ...]
    quorum: Quorum = "any"
    any_reject: bool | None = None
    html: str = ""
    template: str = ""
    variables: Json = field(default_factory=dict)
    expires_in: timedelta | None = None
    settle_for: timedelta | None = None
    on_expiry: OnExpiry | None = None
    remind_after: tuple[timedelta, ...] | None = None
    escalate_after: timedelta | None = None
    escalate_to: tuple[AskedApprover, ...] = ()
    requester: str = ""
    allow_requester: bool = True
    allow_delegates: bool = False
    comment_on_reject: bool | None = None
    require: Requirement | None = None
    sinks: tuple[str, ...] | None = None
    metadata: Json = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    belonging: Ownership = NOBODYS


@dataclass(frozen=True, slots=True)
class Delegation:
    """While `since` <= now < `until`, each request to `approver` also goes to `delegate`."""

    approver: str
    delegate: str
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the settings say about new requests. only_named: of `sinks`, those for requests that name them;
    reads_logins: some border may say who logged in; own_domains: of the addresses that are ours."""

    expire_after: timedelta
    remind_after: tuple[timedelta, ...]
    settle_for: timedelta
    on_expiry: OnExpiry
    escalate_after: timedelta | None
    escalate_to: tuple[str, ...]
    comment_on_reject: bool
    require: Requirement
    delegations: tuple[Delegation, ...]
    sinks: tuple[str, ...]
    only_named: frozenset[str]
    max_approvers: int
    languages: Json
    can_prove: frozenset[Requirement]
    reads_logins: bool
    own_domains: frozenset[str]


def terms_of(requested: RequestedApproval, policy: Policy, now: datetime) -> Terms:
    """The terms of the requested approval. Raises Refused with every fault."""
    faults: list[NotAllowed] = []
    approvers = _approvers(requested.approvers, policy, faults)
    helpers = _escalation(requested, policy, approvers, faults)
    expires_in, settle_for = _times(requested, policy, faults)
    if requested.require is not None and requested.require not in policy.can_prove:
        cure = "cannot be met: incoming.sender_authentication of the settings trusts no results"
        faults.append(NotAllowed("require", cure))
    expires_at = _later(now, expires_in)
    escalate_after = requested.escalate_after or policy.escalate_after
    if requested.escalate_after is not None and not helpers:
        faults.append(NotAllowed("escalate_to", "names nobody, although escalate_after is given"))
    terms = Terms(
        title=requested.title,
        text=requested.text,
        approvers=approvers,
        expires_at=expires_at,
        settle_for=settle_for,
        quorum=requested.quorum,
        any_reject=_any_reject(requested),
        on_expiry=requested.on_expiry or policy.on_expiry,
        html=requested.html,
        template=requested.template,
        variables=requested.variables,
        requester=_requester(requested, faults),
        allow_requester=requested.allow_requester,
        allow_delegates=requested.allow_delegates,
        comment_on_reject=policy.comment_on_reject
        if requested.comment_on_reject is None
        else requested.comment_on_reject,
        require=stricter(requested.require or "reference", policy.require),
        remind_at=_reminders(requested, policy, now, expires_at, faults),
        escalate_at=_later(now, escalate_after) if escalate_after and helpers else None,
        escalate_to=helpers if escalate_after else (),
        sinks=_sinks(requested, policy, faults),
        metadata=requested.metadata,
        attachments=requested.attachments,
        belonging=requested.belonging,
    )
    if approvers:
        faults.extend(_quorum_faults(terms, now))
    if faults:
        raise Refused(faults)
    return terms


def _times(
    requested: RequestedApproval, policy: Policy, faults: list[NotAllowed]
) -> tuple[timedelta, timedelta]:
    """After how long the request expires, and for how long its answers settle."""
    expires_in = requested.expires_in if requested.expires_in is not None else policy.expire_after
    if not timedelta(0) < expires_in <= MAX_EXPIRY:
        faults.append(NotAllowed("expires_in", f"must lie in the future and within {MAX_EXPIRY.days} days"))
    settle_for = policy.settle_for if requested.settle_for is None else requested.settle_for
    if not timedelta(0) <= settle_for <= durations.parse(MAX_SETTLE):
        faults.append(NotAllowed("settle_for", f"must be at most {MAX_SETTLE}; 0s decides at once"))
    return expires_in, settle_for


def invited(terms: Terms, policy: Policy, now: datetime) -> tuple[Approver, ...]:
    """The approvers who get a mail: all who may answer, and their current delegates (not delegates of
    these)."""
    asked = [a for a in terms.approvers if not quorum.is_barred(terms, a)]
    return (*asked, *_delegates(asked, policy.delegations, terms, now))


def _delegates(
    asked: list[Approver], delegations: tuple[Delegation, ...], terms: Terms, now: datetime
) -> Iterator[Approver]:
    """The delegates; none who is an approver, or a delegate of another approver, already."""
    have_voice = {address for a in terms.approvers for address in (a.address, *a.aliases)}
    for approver in asked:
        for d in delegations:
            active = (d.since is None or d.since <= now) and (d.until is None or now < d.until)
            if active and d.approver == approver.address and d.delegate not in have_voice:
                delegate = Approver(d.delegate, group=approver.group, on_behalf_of=approver.address)
                if not quorum.is_barred(terms, delegate):
                    have_voice.add(d.delegate)
                    yield delegate


def _approvers(
    asked: tuple[AskedApprover, ...], policy: Policy, faults: list[NotAllowed]
) -> tuple[Approver, ...]:
    if not asked:
        faults.append(NotAllowed("approvers", "names nobody; give at least one address"))
    if len(asked) > policy.max_approvers:
        limit = (
            f"{len(asked)} approvers are more than approvals.max_approvers allows ({policy.max_approvers})"
        )
        faults.append(NotAllowed("approvers", limit))
        return ()
    found: list[Approver] = []
    owner: dict[str, str] = {}
    for one in asked:
        approver = _approver(one, policy, faults)
        if approver is None:
            continue
        for address in (approver.address, *approver.aliases):
            if address in owner:
                faults.append(NotAllowed(one.path, f"{address} is named already at {owner[address]}"))
            owner[address] = one.path
        found.append(approver)
    return tuple(found)


def _approver(one: AskedApprover, policy: Policy, faults: list[NotAllowed]) -> Approver | None:
    try:
        address = normal(one.address)
        aliases = tuple(normal(alias) for alias in one.aliases)
    except ValueError as fault:
        faults.append(NotAllowed(one.path, str(fault)))
        return None
    language = one.language or str(policy.languages.get(address, ""))
    return Approver(address, one.name, tuple(a for a in aliases if a != address), one.group, language)


def _escalation(
    requested: RequestedApproval, policy: Policy, approvers: tuple[Approver, ...], faults: list[NotAllowed]
) -> tuple[Approver, ...]:
    asked = requested.escalate_to or tuple(
        AskedApprover(f"escalate_to.{i}", a) for i, a in enumerate(policy.escalate_to)
    )
    if not asked:
        return ()
    named = {address for a in approvers for address in (a.address, *a.aliases)}
    found = _approvers(asked, policy, faults)
    if requested.escalate_to:
        for a in found:
            if not named.isdisjoint((a.address, *a.aliases)):
                faults.append(NotAllowed("escalate_to", f"{a.address} is an approver already"))
    return tuple(replace(a, escalation=True) for a in found if named.isdisjoint((a.address, *a.aliases)))


def _requester(requested: RequestedApproval, faults: list[NotAllowed]) -> str:
    if not requested.requester or "@" not in requested.requester:
        if requested.requester and not requested.allow_requester:
            faults.append(NotAllowed("requester", "must be a mail address where allow_requester is false"))
        if not requested.requester and not requested.allow_requester:
            faults.append(NotAllowed("requester", "is missing, although allow_requester is false"))
        return requested.requester
    try:
        return normal(requested.requester)
    except ValueError as fault:
        faults.append(NotAllowed("requester", str(fault)))
        return ""


def _any_reject(requested: RequestedApproval) -> bool:
    """One rejection rejects, unless the quorum is a number or the caller says otherwise."""
    return not isinstance(requested.quorum, int) if requested.any_reject is None else requested.any_reject


def _reminders(
    requested: RequestedApproval,
    policy: Policy,
    now: datetime,
    expires_at: datetime,
    faults: list[NotAllowed],
) -> tuple[datetime, ...]:
    after = policy.remind_after if requested.remind_after is None else requested.remind_after
    if any(pause <= timedelta(0) for pause in after):
        faults.append(NotAllowed("remind_after", "every reminder must lie in the future"))
    moments = {_later(now, pause) for pause in after}
    return tuple(sorted(moment for moment in moments if now < moment < expires_at))


def _sinks(requested: RequestedApproval, policy: Policy, faults: list[NotAllowed]) -> tuple[str, ...]:
    if requested.sinks is None:
        return tuple(name for name in policy.sinks if name not in policy.only_named)
    for i, name in enumerate(requested.sinks):
        if name not in policy.sinks:
            known = ", ".join(policy.sinks) or "none"
            faults.append(
                NotAllowed(f"sinks.{i}", f"{name!r} is not a sink of the settings (there: {known})")
            )
    return tuple(dict.fromkeys(requested.sinks))


def _quorum_faults(terms: Terms, now: datetime) -> Iterator[NotAllowed]:
    able = [a for a in terms.approvers if not quorum.is_barred(terms, a)]
    if not able:
        yield NotAllowed("approvers", "only the requester is named, who may not approve (allow_requester)")
        return
    if terms.quorum == "each_group" and not all(a.group for a in terms.approvers):
        yield NotAllowed("quorum", "each_group needs every approver to be a member of a group")
    number = terms.quorum if isinstance(terms.quorum, int) else 1
    if number < 1:
        yield NotAllowed("quorum", "must be at least 1")
    trial = Request(references.written_id(bytes(10)), terms, now)
    if number > len(able) or not quorum.can_still_be_met(trial):
        yield NotAllowed("quorum", f"{terms.quorum} cannot be reached by {len(able)} who may approve")


def _later(moment: datetime, pause: timedelta) -> datetime:
    """The time in the store's precision, since a reference covers the expiry."""
    try:
        later = moment + pause
    except OverflowError:
        later = moment + MAX_EXPIRY
    return timing.as_kept(later)
