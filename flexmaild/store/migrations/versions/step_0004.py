"""The replies that named each request, by themselves: the last 50, numbered from 1 within their request.

What older versions recorded is taken over. Their words about it were free, and so not all of them stay.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TAKEN_OVER = """
    INSERT INTO replies (approval_id, number, at, outcome, reason, sender, via, sha256, message_id)
    SELECT approval_id, number, at, outcome,
        CASE
            WHEN outcome IN ('decision', 'undecided') AND because IN (
                'approve', 'reject', 'empty', 'no_action_word', 'both_words', 'negated', 'question',
                'condition', 'parts_disagree', 'ambiguous', 'stray_characters', 'more_than_word', 'too_long',
                'quote_changed', 'words_unknown', 'other_mail', 'between', 'other'
            ) THEN because
            WHEN outcome = 'expired' THEN 'expired'
            WHEN outcome = 'bounce' THEN 'delivery_report'
            WHEN because = 'the sender is not who was asked' THEN 'wrong_person'
            WHEN because = 'forged reference' THEN 'reference_forged'
            ELSE 'earlier_version'
        END,
        sender, '', sha256, substr(message_id, 1, 250)
    FROM (
        SELECT seen.*,
            ROW_NUMBER() OVER (PARTITION BY approval_id ORDER BY seq) AS number,
            COUNT(*) OVER (PARTITION BY approval_id) AS total
        FROM seen
        WHERE outcome <> 'duplicate' AND approval_id IN (SELECT id FROM requests)
    ) AS numbered
    WHERE number > total - 50
"""


def upgrade() -> None:
    op.create_table(
        "replies",
        sa.Column("approval_id", sa.Text, sa.ForeignKey("requests.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
    )
    op.execute(_TAKEN_OVER)
