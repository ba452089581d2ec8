"""A store as an older version left it: what the newer schema steps added is taken away again."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from flexmaild.store.store_mark import MARK_FILE


def back_to(file: Path, revision: str) -> None:
    file.with_name(MARK_FILE).unlink(missing_ok=True)  # it would say that the store has gone back
    with closing(sqlite3.connect(file)) as connection, connection:
        for step, undo in UNDONE:
            if step <= revision:
                break
            undo(connection)
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def with_brackets(file: Path) -> None:
    """Message-IDs as their senders wrote them, which versions before kept."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for table, column in (
            ("seen", "message_id"),
            ("seen", "name"),
            ("left_mails", "name"),
            ("replies", "message_id"),
        ):
            given = f"{column} <> '' AND {column} NOT LIKE 'sha256:%'"
            connection.execute(f"UPDATE {table} SET {column} = '<' || {column} || '>' WHERE {given}")


def _sql(*statements: str) -> Callable[[sqlite3.Connection], None]:
    def undo(connection: sqlite3.Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return undo


def _personal_into_the_chain(connection: sqlite3.Connection) -> None:
    before, seq = "0" * 64, 0
    query = (
        "SELECT seq, at, approval_id, event, a.data, p.data FROM audit a"
        " LEFT JOIN audit_personal p USING (seq) ORDER BY seq"
    )
    for seq, at, approval_id, event, facts, personal in connection.execute(query).fetchall():
        data = json.loads(facts) | json.loads(personal or "{}")
        row = {"approval_id": approval_id, "at": at, "data": data, "event": event, "seq": seq}
        text = json.dumps(row, sort_keys=True, separators=(",", ":"))
        before = hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()
        whole = json.dumps(data, sort_keys=True, separators=(",", ":"))
        connection.execute("UPDATE audit SET data = ?, hash = ? WHERE seq = ?", (whole, before, seq))
    connection.execute("UPDATE meta SET value = ? WHERE name = 'audit_head'", (f"{seq} {before}",))
    connection.execute("DROP TABLE audit_personal")
    connection.execute("ALTER TABLE audit DROP COLUMN personal_digest")


# Newest first.
UNDONE = (
    (
        "0011",
        _sql(
            "DROP INDEX ix_requests_ended",
            "DROP INDEX ix_audit_personal_kept",
            "DROP INDEX ix_seen_personal",
            "ALTER TABLE requests DROP COLUMN purged",
        ),
    ),
    ("0010", _sql("DROP TABLE past_requests", "DROP TABLE left_mails")),
    ("0009", _sql("ALTER TABLE seen DROP COLUMN arrived", "ALTER TABLE seen DROP COLUMN name")),
    ("0008", _personal_into_the_chain),
    ("0007", _sql("ALTER TABLE jobs DROP COLUMN claim")),
    ("0006", _sql("DROP TABLE spent")),
    ("0005", _sql("DROP TABLE headers", "DROP TABLE approvers")),
    ("0004", _sql("DROP TABLE replies")),
    ("0003", _sql("DROP INDEX ix_seen_unknown_lines", "ALTER TABLE seen DROP COLUMN unknown_lines")),
    ("0002", _sql("DROP TABLE sent_mails")),
)
