"""Keep pushed usage records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('usage_records',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('seller_id', sa.String(length=64), nullable=False),
    sa.Column('delivery_id', sa.String(length=140), nullable=True),
    sa.Column('record_id', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('code', sa.String(length=3), nullable=False),
    sa.Column('begin_time', sa.DateTime(timezone=True), nullable=True),
    sa.Column('end_time', sa.DateTime(timezone=True), nullable=True),
    sa.Column('usage_value', sa.Numeric(precision=12, scale=4), nullable=True),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_usage_records_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage_records'))
    )
    op.create_index('ix_usage_records_seller', 'usage_records', ['seller_id', 'id'], unique=False)
    op.create_index('uq_usage_records_taken', 'usage_records', ['seller_id', 'record_id'], unique=True, postgresql_where=sa.text("code = '000'"))


def downgrade() -> None:
    op.drop_table("usage_records")
