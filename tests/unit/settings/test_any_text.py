"""Whatever is in the settings file, the answer is settings or faults with a place inside the file."""

from hypothesis import example, given
from hypothesis import strategies as st

from flexmaild.settings.faults import SettingsError
from flexmaild.settings.load import parse
from flexmaild.settings.schema import Settings
from tests.unit.settings.kinds import KINDS

LINES = st.sampled_from(
    [
        "outgoing:",
        "incoming:",
        "sinks:",
        "approvals:",
        "oauth_applications:",
        "  port: 25",
        "  port: yes",
        "  properties: |",
        "  properties: >-",
        "  properties: |+",
        "    mail.smtp.host=x",
        "    mail.smtp.port=x ",
        "      mail.imap.timeout=1",
        "",
        "   ",
        "  a: {kind: dropfile, path: /x}",
        "  a: {kind: [x]}",
        "  b:",
        "    kind: x",
        "  delegations: [{from: a@b.c}]",
        "  words: {approve: [1, {}]}",
        "  remind_after: [1d, 2]",
        "  enabled: true",
        "  password: {file: [x]}",
        "  password: {env: PATH}",
        "  username: x",
        "  transport: []",
        "  transport: maildir",
        "  host: '",
        '  properties: "mail.smtp.a=b\\nmail.smtp.b=c"',
        "- x",
        "? x",
        "  m: {client_id: 1}",
        "# c",
        "  after_processing: {move: [x]}",
        "  languages_by_approver: {a@b.c: de, x: y}",
        "--- ",
        "...",
        "\ufeff",
        "\u2028",
        "\t",
    ]
)


def check(text: str) -> None:
    try:
        assert isinstance(parse(text, "test.yaml", KINDS), Settings)
    except SettingsError as error:
        lines = text.count("\n") + text.count("\r") + 2
        assert error.faults
        assert all(1 <= fault.line <= lines and fault.column >= 1 for fault in error.faults)


@given(st.lists(LINES, max_size=14))
@example(["outgoing:", "  properties: |+", "", "   ", "    mail.smtp.port=x ", "", ""])
def test_likely_lines_in_any_order_give_settings_or_faults(lines: list[str]) -> None:
    check("\n".join(lines))


@example("log:\n\u2028\n\x85\nlog:\n")
@given(st.text(max_size=80))
def test_any_text_gives_settings_or_faults(text: str) -> None:
    check(text)
