"""The lines of replies that nobody explains yet, so that `status` can name those of a mail gateway."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("seen", sa.Column("unknown_lines", sa.Text))
    present = sa.text("unknown_lines IS NOT NULL")
    op.create_index("ix_seen_unknown_lines", "seen", ["seq"], sqlite_where=present)
