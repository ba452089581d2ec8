"""A property block with its variables substituted: names checked against the table, values by their types.

Every mistake becomes a `Finding` with line and column, where JavaMail would ignore it silently. Values are
read by their names after `mail.<protocol>.`.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flexmaild.settings.faults import Finding
from flexmaild.settings.javamail.properties import At, Entry, parse, problem
from flexmaild.settings.javamail.table import Property, known_properties
from flexmaild.settings.secrets import MASK

_VARIABLE = re.compile(r"\$\{\{([^{}]*)\}\}")
# JavaMail waits for ever at 0 and below. The longest time-out of RFC 5321 section 4.5.3.2 is 10 minutes.
_LONGEST_MS = 600_000
# A time-out below 100 ms is useless over a network; 30 was meant in seconds.
_SHORTEST_MS = 100


@dataclass(frozen=True, slots=True)
class Value:
    """A property's value after substitution, under its full name."""

    name: str
    text: str
    at: At


@dataclass(slots=True)
class Block:
    """The effective block. protocol: that of its names, smtp, smtps, imap or imaps."""

    family: str
    protocol: str
    values: dict[str, Value] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def has(self, name: str) -> bool:
        return name in self.values

    def note(self, name: str, text: str, *, grave: bool = True) -> None:
        """Add a finding about a property that is in the block."""
        value = self.values[name]
        self.findings.append(problem(value.at, f"{value.name} {text}", grave=grave))

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return value.text.strip() or default if value else default

    def words(self, name: str, *, commas: bool = False) -> tuple[str, ...]:
        """A list, separated by blanks."""
        return tuple(re.split(r"[\s,]+" if commas else r"\s+", self.text(name))) if self.text(name) else ()

    def flag(self, name: str, default: bool) -> bool:
        if not self.has(name):
            return default
        word = self.values[name].text.lower()
        if word.strip() not in ("true", "false"):
            self.note(name, "must be true or false: JavaMail would take anything else for false")
            return default
        return word.strip() == "true"

    def number(self, name: str, default: int, low: int, high: int) -> int:
        if not self.has(name):
            return default
        text = self.values[name].text.strip()
        if not re.fullmatch(r"[-+]?[0-9]{1,10}", text):
            self.note(name, "must be a whole number: JavaMail would pass over anything else in silence")
            return default
        if not low <= int(text) <= high:
            self.note(name, f"must lie between {low} and {high}")
            return default
        return int(text)

    def seconds(self, name: str, default: float) -> float:
        """A time-out in milliseconds as seconds, never without limit."""
        given = self.number(name, round(default * 1000), -(10**10), 10**10)
        if 0 < given < _SHORTEST_MS:
            self.note(
                name, f"is in milliseconds, so {given} is too short: write {given * 1000} for {given} seconds"
            )
        elif given <= 0 or given > _LONGEST_MS:
            self.note(
                name, f"would wait for ever or nearly so: {_LONGEST_MS} (10 minutes) is used", grave=False
            )
            return _LONGEST_MS / 1000
        return given / 1000


def read(text: str, family: str, built_in: Mapping[str, str]) -> Block:
    """Read a block. family: "smtp" or "imap". built_in: the variables that the fields feed."""
    entries, findings = parse(text)
    variables = dict(built_in)
    defined = {e.key: e for e in entries if not e.key.startswith("mail.") and not _VARIABLE.match(e.key)}
    variables |= {name: entry.value.strip() for name, entry in defined.items()}
    block = Block(family, family, findings=list(findings))
    stray_lines = {f.at[0] for f in findings if f.at}
    for entry in entries:
        _trailing_blank(block, entry)
        if entry.key in defined and entry.key_at[0] not in stray_lines:
            _variable_name(block, entry)
    properties = [
        (
            entry,
            _substituted(entry.key, entry.key_at, variables, block),
            _substituted(entry.value, entry.value_at, variables, block),
        )
        for entry in entries
        if entry.key not in defined and entry.key_at[0] not in stray_lines
    ]
    block.protocol = _protocol(block, defined, [name for _, name, _ in properties])
    for entry, name, value in properties:
        _add(block, entry, name, value)
    return block


def masked(text: str) -> str:
    """The block without the values of passwords and of variables used in them."""
    entries, _ = parse(text)
    hidden = [e for e in entries if e.key.endswith("password")]
    named = {name for entry in hidden for name in _VARIABLE.findall(entry.value)}
    hidden += (entry for entry in entries if entry.key in named)
    lines = text.split("\n")
    for entry in hidden:
        line, column = entry.value_at
        lines[line] = lines[line][:column] + MASK
        for further in range(line + 1, entry.end[0] + 1):
            lines[further] = "#" + MASK
    return "\n".join(lines)


def holds_password(text: str) -> bool:
    """Whether the block has a proxy's password in it."""
    return masked(text) != text


def _trailing_blank(block: Block, entry: Entry) -> None:
    if entry.value != entry.value.rstrip():
        at = (entry.end[0], max(entry.end[1] - 1, 0))
        text = f"{entry.key} has a blank at its end, which JavaMail takes as part of the value: remove it"
        block.findings.append(problem(at, text))
    elif any(ord(c) < 32 for c in entry.value):
        text = f"{entry.key} holds a control character (a \\n, \\r or \\t escape): remove it"
        block.findings.append(problem(entry.value_at, text))


def _variable_name(block: Block, entry: Entry) -> None:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", entry.key):
        return
    close = difflib.get_close_matches(entry.key, _names(block.family), 1)
    hint = f"did you mean {close[0]}?" if close else "properties begin with mail."
    block.findings.append(
        problem(entry.key_at, f"{entry.key} is neither a property nor a variable's name ({hint})")
    )


def _names(protocol: str) -> list[str]:
    own = [f"mail.{protocol}.{name}" for name in known_properties(protocol.removesuffix("s"))]
    return own + [f"mail.{name}" for name in known_properties("general")]


def _substituted(text: str, at: At, variables: Mapping[str, str], block: Block) -> str:
    """The text with variables replaced, also those in variables (a few levels: more is a circle)."""
    for _ in range(5):
        unknown = [name for name in _VARIABLE.findall(text) if name not in variables]
        for name in unknown:
            close = difflib.get_close_matches(name, list(variables), 1)
            hint = f"did you mean ${{{{{close[0]}}}}}?" if close else f"known here: {', '.join(variables)}"
            block.findings.append(problem(at, f"the variable ${{{{{name}}}}} is not defined ({hint})"))
        if unknown or "${{" not in text:
            return text
        text = _VARIABLE.sub(lambda match: variables[match[1]], text)
    if "${{" in text:
        block.findings.append(problem(at, "a variable is not closed by }} or leads back to itself"))
    return text


def _protocol(block: Block, defined: Mapping[str, Entry], names: list[str]) -> str:
    """The protocol that JavaMail would use: the PROTOCOL variable, else that of the names."""
    known = (block.family, block.family + "s")
    variable = defined.get("PROTOCOL")
    if variable:
        word = variable.value.strip()
        if word in known:
            return word
        block.findings.append(problem(variable.value_at, f"PROTOCOL must be {known[0]} or {known[1]}"))
        return block.family
    used = [p for p in known if any(name.startswith(f"mail.{p}.") for name in names)]
    return used[0] if len(used) == 1 else block.family


def _add(block: Block, entry: Entry, name: str, text: str) -> None:
    if "${{" in name + text:
        return
    known = _lookup(block, name)
    if isinstance(known, str):
        block.findings.append(problem(entry.key_at, f"{name} {known}"))
        return
    short = name.removeprefix(f"mail.{block.protocol}.")
    if short in block.values and block.values[short].text != text:
        first = block.values[short].at[0] + 1
        said = f"{name} has two values (the first in line {first} of the block): the last one counts"
        block.findings.append(problem(entry.key_at, said, grave=False))
    block.values[short] = Value(name, text, entry.value_at)
    if known.treatment == "refused":
        block.findings.append(problem(entry.key_at, f"{name} is refused: {known.note}"))
    elif known.treatment == "no effect":
        _check_ineffective(block, short, known)
        block.findings.append(
            problem(entry.key_at, f"{name} is accepted without effect: {known.note}", grave=False)
        )


def _check_ineffective(block: Block, name: str, known: Property) -> None:
    """Check the type of a value without effect: a mistake there may be a misunderstanding."""
    if known.kind == "boolean":
        block.flag(name, False)
    elif known.kind in ("number", "bytes"):
        block.number(name, 0, -(10**10), 10**10)


def _lookup(block: Block, name: str) -> Property | str:
    """The table's row, or the text of a complaint."""
    short = name.removeprefix(f"mail.{block.protocol}.")
    table, general = known_properties(block.family), known_properties("general")
    if short != name and short in table:
        return table[short]
    if name.removeprefix("mail.") in general:
        return general[name.removeprefix("mail.")]
    match = re.match(r"mail\.(smtps?|imaps?)\.", name)
    if match and match[1] != block.protocol:
        same = match[1].removesuffix("s") == block.family
        cure = f"write mail.{block.protocol}. or set PROTOCOL={match[1]}"
        other = "it belongs into the other direction's properties"
        return f"is for {match[1]}, while this block is for {block.protocol}: {cure if same else other}"
    close = difflib.get_close_matches(name, _names(block.protocol), 1)
    hint = f"did you mean {close[0]}?" if close else "see docs/javamail-properties.md for the list"
    return f"is not a property of JavaMail ({hint})"
