"""Give the key of a call room for two order lines of full length."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column('attempts', 'call_key', type_=sa.String(length=400), existing_nullable=False)


def downgrade() -> None:
    op.alter_column('attempts', 'call_key', type_=sa.String(length=256), existing_nullable=False)
