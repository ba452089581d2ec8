"""The mails to approvers as they went out, for the understanding of replies.

What older versions sent was not kept: the mails that have gone out, or may have, get a row that says so.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# An operator's retry sets `attempt` back to 0; the reason of the last failure stays.
_UNKNOWN = """
    INSERT INTO sent_mails (job, sha256, data, quotes)
    SELECT id, '', NULL, '[]' FROM jobs
    WHERE queue = 'outbox' AND invitation IS NOT NULL
    AND (state = 'done' OR attempt > 0 OR uncertain OR lease_owner IS NOT NULL OR last_reason <> '')
"""


def upgrade() -> None:
    op.create_table(
        "sent_mails",
        sa.Column("job", sa.Text, sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("data", sa.LargeBinary),
        sa.Column("quotes", sa.Text, nullable=False),
    )
    op.execute(_UNKNOWN)
