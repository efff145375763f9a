"""Let what was delivered live on: instances, their history, what their sellers tell of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('instance_reports',
    sa.Column('id', sa.String(length=140), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('front_end_url', sa.Text(), nullable=True),
    sa.Column('admin_url', sa.Text(), nullable=True),
    sa.Column('sealed_access', sa.LargeBinary(), nullable=True),
    sa.Column('usage', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['deliveries.id'], name=op.f('fk_instance_reports_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instance_reports'))
    )
    op.create_table('instances',
    sa.Column('id', sa.String(length=140), nullable=False),
    sa.Column('seller_id', sa.String(length=64), nullable=False),
    sa.Column('buyer_id', sa.String(length=64), nullable=False),
    sa.Column('instance_id', sa.String(length=64), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('state', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['id'], ['deliveries.id'], name=op.f('fk_instances_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instances'))
    )
    op.create_index('ix_instances_buyer', 'instances', ['buyer_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_instances_instance', 'instances', ['instance_id'], unique=False)
    op.create_index('ix_instances_seller', 'instances', ['seller_id', 'created_at', 'id'], unique=False)
    op.create_table('instance_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('instance', sa.String(length=140), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_role', sa.String(length=32), nullable=False),
    sa.Column('actor_id', sa.String(length=128), nullable=False),
    sa.Column('cause', sa.String(length=64), nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('key', sa.String(length=400), nullable=True),
    sa.Column('order_id', sa.String(length=64), nullable=True),
    sa.Column('receipt', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('messages', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['instance'], ['instances.id'], name=op.f('fk_instance_events_instance')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instance_events')),
    sa.UniqueConstraint('instance', 'key', name=op.f('uq_instance_events_instance_key')),
    sa.UniqueConstraint('instance', 'sequence', name=op.f('uq_instance_events_instance_sequence'))
    )
    op.create_index('ix_instance_events_order', 'instance_events', ['order_id'], unique=False)
    op.execute(
        "create trigger instance_events_append_only before update or delete or truncate on instance_events "
        "for each statement execute function refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("instance_events")
    op.drop_table("instances")
    op.drop_table("instance_reports")
