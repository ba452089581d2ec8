"""What entries of the event log say of persons moves out of the chained rows, which get its digest.

The chain is made anew, row by row. A row that did not hold before keeps its old hash, so that it does not
hold afterwards either.
"""

import hashlib
import json
import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Facts as they were when this step was written.
_FACTS = ("answer", "state", "outcome", "rule", "settles_at", "sha256", "permanent")
# As bytes: a damaged row may hold no text.
_ROWS = (
    "SELECT seq, at, approval_id, event, CAST(data AS BLOB) AS data, hash FROM audit"
    " WHERE seq > :after ORDER BY seq LIMIT 1000"
)
_UPDATE = "UPDATE audit SET data = :data, personal_digest = :personal_digest, hash = :hash WHERE seq = :seq"
_ADD = "INSERT INTO audit_personal (seq, salt, data) VALUES (:seq, :salt, :data)"
_GET, _PUT = "SELECT value FROM meta WHERE name = :name", "UPDATE meta SET value = :value WHERE name = :name"
_GENESIS = "0" * 64


def upgrade() -> None:
    op.create_table(
        "audit_personal",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.add_column("audit", sa.Column("personal_digest", sa.Text, nullable=False, server_default=""))
    connection = op.get_bind()
    seq, old = _end(connection, "audit_base")
    new = old
    while rows := connection.execute(sa.text(_ROWS), {"after": seq}).all():
        changed, personal = [], []
        for row in rows:
            text = row.data.decode(errors="replace") if isinstance(row.data, bytes) else ""
            is_text = all(isinstance(value, str) for value in (row.approval_id, row.event, row.hash))
            is_whole = is_text and row.seq == seq + 1 and row.hash == _hash(old, row, text)
            facts, rest = _split(text)
            salt = secrets.token_bytes(16)
            digest = hashlib.sha256(salt + rest.encode()).hexdigest() if rest != "{}" else ""
            new = _hash(new, row, facts, f'"personal":"{digest}",') if is_whole else row.hash
            changed.append({"seq": row.seq, "data": facts, "personal_digest": digest, "hash": new})
            if digest:
                personal.append({"seq": row.seq, "salt": salt, "data": rest})
            seq, old = row.seq, row.hash
        connection.execute(sa.text(_UPDATE), changed)
        if personal:
            connection.execute(sa.text(_ADD), personal)
    if (seq, old) == _end(connection, "audit_head"):
        connection.execute(sa.text(_PUT), {"name": "audit_head", "value": f"{seq} {new}"})


def _end(connection: sa.Connection, name: str) -> tuple[int, str]:
    seq, _, digest = (connection.scalar(sa.text(_GET), {"name": name}) or "").partition(" ")
    return (int(seq), digest) if digest else (0, _GENESIS)


def _hash(before: str, row: Any, data: str, personal: str = "") -> str:
    text = (
        f'{{"approval_id":{json.dumps(row.approval_id)},"at":{row.at},"data":{data},'
        f'"event":{json.dumps(row.event)},{personal}"seq":{row.seq}}}'
    )
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def _split(text: str) -> tuple[str, str]:
    """Its facts, and the rest; of a row that was damaged all is taken for personal."""
    try:
        data = json.loads(text)
        parts = ({k: v for k, v in data.items() if (k in _FACTS) is wanted} for wanted in (True, False))
        facts, rest = (json.dumps(part, sort_keys=True, separators=(",", ":")) for part in parts)
    except (ValueError, AttributeError, RecursionError):
        return "{}", json.dumps({"damaged": text})
    return facts, rest
