"""The parser for Java properties reads what Java's own writes, and never raises, whatever it is given."""

from hypothesis import given
from hypothesis import strategies as st

from flexmaild.settings.javamail import session_of
from flexmaild.settings.javamail.properties import parse

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


def stored(key: str, value: str) -> str:
    """A line as java.util.Properties.store writes it."""
    escaped_key = "".join(_escaped(c, c in " =:#!") for c in key)
    blanks = len(value) - len(value.lstrip(" "))
    return escaped_key + "=" + "\\ " * blanks + "".join(_escaped(c, c in "=:#!") for c in value.lstrip(" "))


def _escaped(char: str, special: bool) -> str:
    if char in "\t\n\r\f":
        return "\\" + {"\t": "t", "\n": "n", "\r": "r", "\f": "f"}[char]
    if special or char == "\\":
        return "\\" + char
    if " " <= char <= "~":
        return char
    utf16 = char.encode("utf-16-be")
    return "".join(f"\\u{utf16[i]:02x}{utf16[i + 1]:02X}" for i in range(0, len(utf16), 2))


@given(st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=5))
def test_what_java_stores_is_read_back(pairs: list[tuple[str, str]]) -> None:
    entries, findings = parse("\n".join(stored(*pair) for pair in pairs))

    assert [(entry.key, entry.value) for entry in entries] == pairs
    assert not findings


@given(st.text(max_size=200))
def test_any_text_gives_entries_and_findings_that_point_into_it(text: str) -> None:
    entries, findings = parse(text)

    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    places = [e.key_at for e in entries] + [f.at for f in findings if f.at]
    assert all(line < len(lines) and column < max(len(lines[line]), 1) for line, column in places)


@given(st.text(max_size=200), st.booleans())
def test_any_block_gives_a_session_and_findings(text: str, starttls: bool) -> None:
    fields = session_of.Fields("localhost", 25, starttls, text)

    assert session_of.smtp_session(fields)[0].connect_timeout > 0
    assert session_of.imap_session(fields)[0].read_timeout > 0


PROPERTY_LINES = st.lists(
    st.tuples(
        st.sampled_from(["mail.smtp.", "mail.smtps.", "mail.", "mail.${{PROTOCOL}}.", ""]),
        st.sampled_from(
            ["host", "port", "timeout", "ssl.enable", "ssl.protocols", "auth.mechanisms", "class", "PROTOCOL"]
        ),
        st.sampled_from(
            ["true", "25", "smtps", "${{SMTP_HOST_NAME}}", "${{X}}", "TLSv1.2", "XOAUTH2", "", " ", "-1"]
        ),
    ),
    max_size=8,
)


@given(PROPERTY_LINES)
def test_likely_blocks_never_raise_either(lines: list[tuple[str, str, str]]) -> None:
    text = "\n".join(f"{prefix}{name}={value}" for prefix, name, value in lines)

    session, _ = session_of.smtp_session(session_of.Fields("localhost", 25, False, text))

    assert session.tls in ("none", "starttls", "implicit")


def test_comments_separators_and_continued_lines_are_as_in_java() -> None:
    entries, _ = parse("# a\n ! b\n\na=1\nb : 2\nc 3\nd\\=e=f\\\n    g\nh")

    assert [(e.key, e.value) for e in entries] == [
        ("a", "1"), ("b", "2"), ("c", "3"), ("d=e", "fg"), ("h", ""),
    ]  # fmt: skip
