"""YAML text to plain data, strictly, with the position of every key and value: a `Document`.

Read from PyYAML's events rather than its constructor, which accepts duplicate keys, aliases and YAML 1.1's
silent conversions and recurses without limit. Knows nothing of the settings' meaning.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from flexmaild.settings.characters import complaint, stray_characters
from flexmaild.settings.faults import Fault, Path, dotted
from flexmaild.settings.scalars import language_no, resolve

# Far above any real settings file.
LARGEST = 1 << 20
DEEPEST = 20


@dataclass(slots=True)
class Node:
    """A value with its position, counted from 0. keys: the positions of a mapping's keys."""

    position: tuple[int, int]
    value: Any
    style: str = ""
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)


class Document:
    """A YAML text as data, and the position of everything in it.

    faults: all mistakes in it as YAML. broken: paths whose values could not be used.
    whole: False when the text could not be read to its end, so that `data` is of no use.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        # A byte order mark in front is allowed (YAML 1.2 section 5.2), as are CRLF line ends.
        self.lines = re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff"))
        self.faults: list[Fault] = []
        self.broken: set[Path] = set()
        self.root = Node((0, 0), {})
        text = self._without_odd_breaks("\n".join(self.lines))
        try:
            self.whole = self._compose(text)
        except yaml.YAMLError as error:
            self.whole = False
            self._syntax(error, text)
        data = _plain(self.root)
        if self.whole and data is not None and not isinstance(data, dict):
            self.whole = False
            self.fault(
                self.root.position, (), "must be a mapping of sections: outgoing:, incoming: and so on"
            )
        self.data: dict[str, Any] = data if self.whole and data else {}

    def fault(self, position: tuple[int, int], path: Path, text: str) -> None:
        """Record a mistake at a line and column counted from 0."""
        self.faults.append(Fault(self.file, position[0] + 1, position[1] + 1, dotted(path), text))

    def blank(self, section: str) -> list[str]:
        """The names in this section without a value, which are not in `data`."""
        node = _child(self.root, section)
        inside = node.value if node is not None and isinstance(node.value, dict) else {}
        return [name for name, one in inside.items() if one.value is None]

    def position(self, path: Path, *, key: bool = False) -> tuple[int, int]:
        """The position of a value (or its key), or of the mapping that lacks it."""
        node, position = self.root, self.root.position
        for number, part in enumerate(path):
            inside = _child(node, part)
            if inside is None:
                return position
            is_last = number == len(path) - 1
            position = node.keys[str(part)] if node.keys and (key or not is_last) else inside.position
            node = inside
        return position

    def position_in(self, path: Path, line: int, column: int) -> tuple[int, int]:
        """The position in the file of a line and column (from 0) of a text value. Block scalars (|) have
        lines of their own, indented alike; in every other style only a value's first line is known."""
        node = self._find(path)
        if node is None or not isinstance(node.value, str):
            return self.position(path)
        if node.style == "|":
            source = node.position[0] + 1 + line
            text = node.value.split("\n")[line]
            return source, len(self.lines[source]) - len(text) + column
        start = node.position[1] + (node.style in "'\"" and node.style != "")
        return (node.position[0], start + column) if line == 0 else node.position

    def has(self, path: Path) -> bool:
        """Whether there is a value; a key with nothing after it has none."""
        node = self._find(path)
        return node is not None and node.value is not None

    def _find(self, path: Path) -> Node | None:
        node: Node | None = self.root
        for part in path:
            node = _child(node, part) if node else None
        return node

    def _without_odd_breaks(self, text: str) -> str:
        """The text without characters that end lines in YAML 1.1 but not in editors: line numbers would
        differ."""
        for match in re.finditer("[\x85\u2028\u2029]", text):
            line = text.count("\n", 0, match.start())
            column = match.start() - text.rfind("\n", 0, match.start()) - 1
            self.fault((line, column), (), complaint(match[0]))
        return re.sub("[\x85\u2028\u2029]", " ", text)

    def _compose(self, text: str) -> bool:
        composer = _Composer(self, text)
        return all(composer.take(event) for event in yaml.parse(text, Loader=yaml.SafeLoader))

    def _syntax(self, error: yaml.YAMLError, text: str) -> None:
        mark = getattr(error, "problem_mark", None)
        position = (mark.line, mark.column) if mark else (0, 0)
        if isinstance(error, yaml.reader.ReaderError):
            before = text[: error.position]
            position = before.count("\n"), len(before) - before.rfind("\n") - 1
            words = complaint(text[error.position])
        else:
            words = _sentence(getattr(error, "problem", None) or "is not YAML")
        self.fault(position, (), words)
        # A full-width colon or a no-break space often causes the syntax error, at another position.
        reported = {(f.line - 1, f.column - 1) for f in self.faults}
        for number, line in enumerate(self.lines):
            for _, column, char in stray_characters(
                line.partition(" #")[0] if not line.lstrip().startswith("#") else ""
            ):
                if (number, column) not in reported:
                    self.fault((number, column), (), complaint(char))


def _sentence(problem: str) -> str:
    """PyYAML's message without its quotes from the file, which may be a secret."""
    if "'\\t'" in problem:
        return "is indented with a tab: YAML allows only blanks there"
    quoted = re.sub(r"'(?!<)[^']{2,}'", "something", problem)
    return f"is not YAML: {quoted}; look at the indentation, at colons, and for quotes left open"


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node.value, dict):
        inside = node.value.get(str(part))
        return inside if isinstance(inside, Node) else None
    if isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
        inside = node.value[part]
        return inside if isinstance(inside, Node) else None
    return None


def _plain(node: Node) -> Any:
    """The data alone. A key with nothing after it counts as left out, like an empty field of FlexDeploy's
    page."""
    if isinstance(node.value, dict):
        found = {key: _plain(inside) for key, inside in node.value.items()}
        return {key: value for key, value in found.items() if value is not None}
    if isinstance(node.value, list):
        return [_plain(inside) for inside in node.value]
    return node.value


@dataclass(slots=True)
class _Open:
    """An open collection. key: the mapping's key that waits for its value."""

    node: Node
    path: Path
    key: str | None = None


class _Composer:
    """Builds the tree from events, without recursion, and records what the settings do not allow."""

    def __init__(self, document: Document, text: str) -> None:
        self.document = document
        self.text = text
        self.stack: list[_Open] = []
        self.documents = 0

    def take(self, event: yaml.Event) -> bool:
        """Use one event; False when the rest cannot be used."""
        position = _start(event)[:2]
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self.document.fault(
                    position, (), "begins a second YAML document: keep one, without further --- lines"
                )
                return False
        elif isinstance(event, yaml.AliasEvent):
            self._refuse(position, "an alias (*name)")
            self._put(Node(position, None))
        elif isinstance(event, yaml.ScalarEvent):
            self._refuse_extras(event, position)
            self._scalar(event, position)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._refuse_extras(event, position)
            return self._begin(event, position)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self.stack.pop()
        return True

    def _path(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        if isinstance(top.node.value, list):
            return (*top.path, len(top.node.value))
        return top.path if top.key is None else (*top.path, top.key)

    def _refuse(self, position: tuple[int, int], what: str) -> None:
        self.document.fault(
            position, self._path(), f"uses {what}, which settings do not have: write the value out"
        )

    def _refuse_extras(self, event: yaml.NodeEvent, position: tuple[int, int]) -> None:
        if event.anchor:
            self._refuse(position, "an anchor (&name)")
        if getattr(event, "tag", None):
            self._refuse(position, "a tag (!name)")

    def _begin(self, event: yaml.CollectionStartEvent, position: tuple[int, int]) -> bool:
        if len(self.stack) >= DEEPEST:
            self.document.fault(position, self._path()[:3], f"is nested deeper than {DEEPEST} levels")
            return False
        is_key = self._awaits_key()
        node = Node(position, {} if isinstance(event, yaml.MappingStartEvent) else [])
        path = self._path()
        if is_key:
            self.document.fault(position, path, "is a list or mapping used as a key: keys are plain words")
            return False
        self._put(node)
        self.stack.append(_Open(node, path))
        return True

    def _awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].node.value, dict) and self.stack[-1].key is None

    def _scalar(self, event: yaml.ScalarEvent, position: tuple[int, int]) -> None:
        style = event.style or ""
        if self._awaits_key():
            self._key(event, position)
            return
        path = self._path()
        node = Node(position, event.value, style)
        if not style:
            node.value, problem = resolve(event.value)
            if problem:
                self._mark_broken(position, path, language_no(path, event.value) or problem)
        if path[-1:] != ("properties",):  # the property parser checks these itself, except for comments
            for where, char in self._stray_characters(event):
                self._mark_broken(where, path, complaint(char))
        self._put(node)

    def _key(self, event: yaml.ScalarEvent, position: tuple[int, int]) -> None:
        top, key = self.stack[-1], event.value
        path = (*top.path, key)
        found = list(self._stray_characters(event))
        for where, char in found:
            self._mark_broken(where, path, f"the key {complaint(char)}")
        if not event.style and (key == "<<" or not isinstance(resolve(key)[0], str) or resolve(key)[1]):
            what = (
                "a merge key, which settings do not have"
                if key == "<<"
                else "not text: put the key in quotes"
            )
            self._mark_broken(position, path, f"the key is {what}")
        if key in top.node.keys:
            first = top.node.keys[key][0] + 1
            self.document.fault(position, path, f"is given twice (first at line {first}): keep one of them")
        top.node.keys.setdefault(key, position)
        top.key = key

    def _put(self, node: Node) -> None:
        if not self.stack:
            self.document.root = node
            return
        top = self.stack[-1]
        if isinstance(top.node.value, list):
            top.node.value.append(node)
        elif top.key is None:
            top.key = ""
        else:
            top.node.value.setdefault(top.key, node)
            top.key = None

    def _mark_broken(self, position: tuple[int, int], path: Path, text: str) -> None:
        self.document.broken.add(path)
        self.document.fault(position, path, text)

    def _stray_characters(self, event: yaml.ScalarEvent) -> Iterator[tuple[tuple[int, int], str]]:
        first, indent, begin = _start(event)
        end = event.end_mark.index if event.end_mark else begin
        for line, column, char in stray_characters(self.text[begin:end]):
            yield (first + line, column + (indent if line == 0 else 0)), char


def _start(event: yaml.Event) -> tuple[int, int, int]:
    """Line, column and index of an event, all from 0."""
    mark = event.start_mark
    return (mark.line, mark.column, mark.index) if mark else (0, 0, 0)
