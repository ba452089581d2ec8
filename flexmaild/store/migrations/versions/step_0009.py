"""What a mail is known by beside its mark: when it arrived, and its Message-ID or the digest of its header.

Its size and its Message-ID were kept before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("seen", sa.Column("arrived", sa.Text))
    op.add_column("seen", sa.Column("name", sa.Text))
