"""The headers of the last mails, and what is known of everybody who was asked.

What the requests say of that is taken over: how answers were proven, and whose mails came back. The time of
a request stands for the times of its answers.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TAKEN_OVER = """
    INSERT INTO approvers (address, mails, proofs, last_mail_at, bounced, bounced_at, at)
    SELECT address, SUM(is_mail),
        TRIM(REPLACE(COALESCE(GROUP_CONCAT(DISTINCT NULLIF(proof, 'reference')), ''), ',', ' ')),
        MAX(CASE WHEN is_mail THEN at END),
        CASE WHEN MAX(CASE WHEN is_mail THEN at END) >= MAX(CASE WHEN bounced <> '' THEN at END)
            THEN '' ELSE MAX(bounced) END,
        MAX(CASE WHEN bounced <> '' THEN at END), MAX(at)
    FROM (
        SELECT json_extract(said.value, '$.approver') AS address, 1 AS is_mail,
            json_extract(said.value, '$.proof') AS proof, '' AS bounced, created_at AS at
        FROM requests, json_each(requests.body, '$.verdicts') AS said
        UNION ALL
        SELECT json_extract(asked.value, '$.approver.address'), 0, NULL,
            json_extract(asked.value, '$.bounced'), created_at
        FROM requests, json_each(requests.body, '$.invitations') AS asked
        WHERE json_extract(asked.value, '$.bounced') <> ''
    ) AS known
    WHERE address IS NOT NULL
    GROUP BY address
"""


def upgrade() -> None:
    op.create_table(
        "headers",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "approvers",
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("mails", sa.Integer, nullable=False),
        sa.Column("proofs", sa.Text, nullable=False),
        sa.Column("last_mail_at", sa.BigInteger),
        sa.Column("bounced", sa.Text, nullable=False),
        sa.Column("bounced_at", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_approvers_at", "approvers", ["at"])
    op.execute(_TAKEN_OVER)
