"""The ids of requests that were forgotten, and the mails that are left in the folder.

Which requests were forgotten before is not known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "past_requests",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "left_mails",
        sa.Column("mailbox", sa.Text, primary_key=True),
        sa.Column("validity", sa.Text, primary_key=True),
        sa.Column("uid", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("arrived", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("named", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
