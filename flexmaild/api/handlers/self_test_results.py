"""The results of `self-test`: the fate of each spelling in the mails that arrived, what servers on the way
added, and what only a mail from outside can show. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flexmaild.api.handlers import spellings
from flexmaild.api.handlers.spellings import Spelling
from flexmaild.core.documents.diagnosis import Fate, Proposal, ResultsField, TriedSpelling
from flexmaild.core.masking import masked
from flexmaild.core.parsed_reply import AuthResult
from flexmaild.core.steps import Step
from flexmaild.core.work import KeptHeader
from flexmaild.engine import results_seen
from flexmaild.mail.authentication import borders
from flexmaild.mail.authentication.borders import Trace
from flexmaild.mail.authentication.kept_header import header_of, stored_header
from flexmaild.mail.authentication.unmatched import Unmatched, unmatched
from flexmaild.mail.parse.header import Header, parse_header
from flexmaild.mail.parse.message import split_header
from flexmaild.mail.understand.words.rules import Rules

_REMOVE = (
    "Have the server in front of this mailbox remove, from every incoming mail, Authentication-Results "
    "fields that bear its own name (RFC 8601 section 5; docs/borders.md has the lines for each server). "
    "Until then anybody can claim to be proven."
)
_ODD = "It does no harm; let the server remove these spellings too (docs/borders.md), and it is clearer."
_LEFT = ("counted", "set_aside", "ignored")


@dataclass(frozen=True, slots=True)
class SelfTestResults:
    """The parts of a diagnosis; `outside` comes last."""

    steps: tuple[Step, ...] = ()
    outside: tuple[Step, ...] = ()
    spellings: list[TriedSpelling] = field(default_factory=list)
    fields: list[ResultsField] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)


def results_of(
    mails: Sequence[tuple[Spelling, bytes, str]], rules: Rules, last: Sequence[KeptHeader]
) -> SelfTestResults:
    """mails: what was brought along, the mail that arrived (empty: none did), the words of a server that
    refused it; the plain one first, which arrived. last: headers of the last mails of others."""
    fates = [(one, _fate(one, raw, answer, rules), answer) for one, raw, answer in mails]
    bare = header_of(_without_mark(mails[0][1], mails[0][0].token))
    fields = results_seen.fields_of(bare, rules)
    is_trusting = bool(rules.borders or rules.exchange_online)
    steps: list[Step] = []
    if is_trusting:
        wrong = _wrong(bare, rules, last)
        steps.append(_border([(spelling, fate) for spelling, fate, _ in fates], wrong))
        steps += map(results_seen.border_step, wrong)
        steps.append(_authentication(bare, rules, is_safe=steps[0].ok))
    else:
        tried = "look whether the forged result was removed"
        cure = "Name your border in borders and set require: dmarc."
        weak = "nobody's results are trusted: senders are proven weakly"
        steps.append(Step("border", True, tried, weak, cure))
    tried_all = [spellings.document(*one) for one in fates] if rules.borders else []
    # Whatever is left on our own mail was written by a server on the way, above and below.
    proposed = results_seen.proposals_with(fields, last, rules)
    outside = (_outside(bare, last, rules),) if is_trusting else ()
    return SelfTestResults(tuple(steps), outside, tried_all, results_seen.documents(fields), proposed)


def _fate(spelling: Spelling, raw: bytes, answer: str, rules: Rules) -> Fate:
    if raw:
        return spellings.fate(parse_header(split_header(raw)[0]), spelling.token, rules)
    return "refused" if answer else "missing"


def _without_mark(raw: bytes, token: str) -> str:
    """The header as kept, without what the mail brought along."""
    lines = stored_header(parse_header(split_header(raw)[0])).split("\n")
    return "\n".join(line for line in lines if token not in line)


def _wrong(bare: Header, rules: Rules, last: Sequence[KeptHeader]) -> list[Unmatched]:
    """Borders that the last mails show to be wrong, or, where there are none, this one."""
    found = results_seen.wrong_borders(last, rules.borders)
    if found or last:
        return found
    return [one for one in unmatched([bare], rules.borders) if one.is_wrong]


def _border(fates: Sequence[tuple[Spelling, Fate]], wrong: Sequence[Unmatched]) -> Step:
    tried = f"look whether the forged results were removed, in {len(fates)} spellings"
    plain_left = [s.name for s, fate in fates if fate in _LEFT and s.name.startswith("plain")]
    counted = [spelling.name for spelling, fate in fates if fate == "counted"]
    set_aside = [spelling.name for spelling, fate in fates if fate == "set_aside"]
    missing = [spelling.name for spelling, fate in fates if fate == "missing"]
    if counted or plain_left:
        said = f"these count: {', '.join(counted)}" if counted else "the forged result is still there"
        said += ", and the forged result is still there" if counted and plain_left else ""
        named = ", ".join(one.border.id for one in wrong)
        first = (
            f"First correct {named}, which is wrong: a server removes its own name alone. " if wrong else ""
        )
        return Step("border", False, tried, said, first + _REMOVE)
    if set_aside:
        return Step("border", True, tried, f"still there, and not counted: {', '.join(set_aside)}", _ODD)
    if missing:
        cure = "A server on the way threw them away without a word; look for them in its log."
        return Step("border", True, tried, f"removed; these have not come: {', '.join(missing)}", cure)
    return Step("border", True, tried, "they were removed on the way, or refused")


def _authentication(bare: Header, rules: Rules, *, is_safe: bool) -> Step:
    tried = "look what the border says about the sender of this mail"
    seen = borders.trusted_results(bare, rules.borders, rules.exchange_online, rules.limits.field)
    said = ", ".join(map(_result, seen.results)) if is_safe else ""
    if said:
        return Step("authentication", True, tried, masked(said))
    cure = (
        "Mail that stays inside often gets none. If replies are refused as not proven, compare "
        "the ids in borders with the Authentication-Results of a reply (flexmailctl doctor lists them)."
    )
    return Step("authentication", True, tried, "no result of a trusted server", cure)


def _result(result: AuthResult) -> str:
    return f"{result.authserv_id}: {result.method}={result.result} ({result.domain or 'no domain'})"


def _outside(bare: Header, last: Iterable[KeptHeader], rules: Rules) -> Step:
    """This mail was handed in inside; what is done with others' mail only theirs can show."""
    tried = "say what this mail cannot show"
    cannot = (
        f"it was handed in {_way(bare)}: whether the server checks mail from outside, and removes there what "
        "senders bring along, only a mail from outside shows"
    )
    for one in last:
        header = header_of(one.header)
        if not _is_from_outside(header):
            continue
        fields = [f for f in results_seen.fields_of(header, rules) if f.is_trusted]
        if fields:
            said = f"{cannot}; the last that was checked came on {one.at:%Y-%m-%d}: {fields[0]}"
            return Step("outside", True, tried, masked(said))
    cure = (
        "Send one to the reply address from an account elsewhere, if you can with the line "
        f'"Authentication-Results: {_name(rules)}; dmarc=pass" in its header; flexmailctl doctor lists it.'
    )
    return Step("outside", True, tried, cannot, cure)


def _way(header: Header) -> str:
    trace = Trace.of(header)
    if not trace.hops:
        return "past every server (no Received)"
    if trace.first == len(trace.hops):
        return "on the server itself (localhost)"
    hop = trace.hops[-1][1]
    return "by a user who logged in" if hop.is_authenticated else f"to {hop.by or 'a server'} without a login"


def _is_from_outside(header: Header) -> bool:
    trace = Trace.of(header)
    return trace.first < len(trace.hops) and not trace.hops[trace.first][1].is_authenticated


def _name(rules: Rules) -> str:
    return rules.borders[0].id if rules.borders else "mail.example.org"
