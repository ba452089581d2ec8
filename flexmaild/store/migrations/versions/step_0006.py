"""What each mail that decided is known by, so that it decides once, whatever it is made to answer.

Filled with the Message-IDs of the mails that decided before; their signatures were not recorded.
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Each with its first time, and by slices, since a store may hold hundreds of thousands.
_DECIDED = """
    SELECT seq, sender, message_id, at FROM seen
    WHERE outcome = 'decision' AND message_id <> '' AND seq > :after ORDER BY seq LIMIT 1000
"""
_ADD = "INSERT INTO spent (name, at) VALUES (:name, :at) ON CONFLICT DO NOTHING"


def upgrade() -> None:
    op.create_table(
        "spent",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_spent_at", "spent", ["at"])
    connection, after = op.get_bind(), -1
    while rows := connection.execute(sa.text(_DECIDED), {"after": after}).all():
        found = [{"name": _name(row.sender, row.message_id), "at": row.at} for row in rows]
        connection.execute(sa.text(_ADD), found)
        after = rows[-1].seq


def _name(sender: str, message_id: str) -> str:
    text = f"{sender}\0id\0{message_id}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
