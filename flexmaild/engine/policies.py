"""Turns settings about requests and replies into the values that deciding and understanding work with.

Used by `daemon.wiring`, and by commands that read a mail outside the daemon. Does no I/O.
"""

from collections.abc import Iterator
from dataclasses import replace

from flexmaild.core.addresses import domain_of, normal
from flexmaild.core.approval.opening import Delegation, Policy
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.parse.limits import Limits
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.settings.schema import Settings
from flexmaild.settings.sender_authentication import SenderAuthentication, plain


def policy_of(settings: Settings) -> Policy:
    """The policy under which requests are opened."""
    approvals, proof = settings.approvals, settings.incoming.sender_authentication
    return Policy(
        expire_after=approvals.expire_after,
        remind_after=approvals.remind_after,
        settle_for=approvals.settle_for,
        on_expiry=approvals.on_expiry,
        escalate_after=approvals.escalate_after,
        escalate_to=approvals.escalate_to,
        comment_on_reject=approvals.comment_on_reject,
        require=proof.require,
        delegations=tuple(
            Delegation(normal(d.from_), normal(d.to), d.since, d.until) for d in approvals.delegations
        ),
        sinks=tuple(settings.sinks),
        only_named=frozenset(name for name, sink in settings.sinks.items() if sink.only_named),
        max_approvers=approvals.max_approvers,
        languages={normal(a): tag for a, tag in approvals.languages_by_approver.items()},
        can_prove=proof.can_prove,
        reads_logins="auth" in proof.can_prove,
        own_domains=frozenset(domain_of(address) for address in _own_addresses(settings)),
    )


def rules_of(settings: Settings) -> Rules:
    """The rules by which replies are understood."""
    incoming, approvals = settings.incoming, settings.approvals
    authentication = incoming.sender_authentication
    return Rules.of(
        *_own_addresses(settings),
        names=["flexmaild"],
        approve=approvals.words.approve,
        reject=approvals.words.reject,
        languages=approvals.languages,
        max_comment=approvals.max_comment,
        comments=approvals.comments,
        ignore_lines=approvals.ignore_lines,
        borders=_borders(authentication),
        exchange_online=authentication.exchange_online,
        verify_dkim=authentication.verify_dkim,
        limits=Limits(mail=incoming.max_message_size),
    )


def rules_without_dns(settings: Settings) -> Rules:
    """The rules for reading a mail outside the daemon: signatures are not verified, which would need DNS."""
    return replace(rules_of(settings), verify_dkim=False)


def _own_addresses(settings: Settings) -> tuple[str, ...]:
    incoming = settings.incoming
    own = (settings.outgoing.from_address, incoming.reply_address, *incoming.reply_aliases)
    return tuple(normal(address) for address in own)


def _borders(authentication: SenderAuthentication) -> Iterator[Border]:
    for name in authentication.trusted_authserv_ids:
        yield Border(plain(name))
    for border in authentication.borders:
        host = plain(border.host or "")
        yield Border(plain(border.id), host, border.results, border.submission, border.via)
