"""Claims of jobs are numbered, so that the late end of one is told from the end of the next."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("claim", sa.Integer, nullable=False, server_default="0"))
