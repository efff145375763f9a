"""Create the ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('deliveries',
    sa.Column('id', sa.String(length=140), nullable=False),
    sa.Column('order', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('order_fingerprint', sa.String(length=64), nullable=False),
    sa.Column('product_type', sa.String(length=64), nullable=False),
    sa.Column('seller_id', sa.String(length=64), nullable=False),
    sa.Column('buyer_id', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=32), nullable=False),
    sa.Column('stage', sa.String(length=64), nullable=False),
    sa.Column('waiting_on', sa.String(length=32), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('license_code', sa.String(length=64), nullable=True),
    sa.Column('state', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries')),
    sa.UniqueConstraint('license_code', name=op.f('uq_deliveries_license_code'))
    )
    op.create_index('ix_deliveries_buyer', 'deliveries', ['buyer_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_deliveries_created', 'deliveries', ['created_at', 'id'], unique=False)
    op.create_index('ix_deliveries_seller', 'deliveries', ['seller_id', 'created_at', 'id'], unique=False)
    op.create_index('ix_deliveries_waiting', 'deliveries', ['status', 'waiting_on', 'created_at', 'id'], unique=False)
    op.create_table('seen_signatures',
    sa.Column('signature', sa.String(length=128), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('signature', name=op.f('pk_seen_signatures'))
    )
    op.create_index(op.f('ix_seen_signatures_expires_at'), 'seen_signatures', ['expires_at'], unique=False)
    op.create_table('sellers',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('production_url', sa.Text(), nullable=False),
    sa.Column('sealed_access_key', sa.LargeBinary(), nullable=False),
    sa.Column('open_api_access_key', sa.String(length=128), nullable=False),
    sa.Column('sealed_open_api_secret_key', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sellers')),
    sa.UniqueConstraint('open_api_access_key', name=op.f('uq_sellers_open_api_access_key'))
    )
    op.create_table('attempts',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('delivery_id', sa.String(length=140), nullable=False),
    sa.Column('call_key', sa.String(length=256), nullable=False),
    sa.Column('activity', sa.String(length=64), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent', sa.Text(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('succeeded', sa.Boolean(), nullable=False),
    sa.Column('milliseconds', sa.Integer(), nullable=False),
    sa.Column('next_due_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_attempts_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attempts')),
    sa.UniqueConstraint('call_key', 'number', name=op.f('uq_attempts_call_key_number'))
    )
    op.create_index('ix_attempts_delivery', 'attempts', ['delivery_id', 'id'], unique=False)
    op.create_table('events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('delivery_id', sa.String(length=140), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_role', sa.String(length=32), nullable=False),
    sa.Column('actor_id', sa.String(length=128), nullable=False),
    sa.Column('cause', sa.String(length=64), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('target', sa.String(length=64), nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('key', sa.String(length=400), nullable=True),
    sa.Column('receipt', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_events_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
    sa.UniqueConstraint('delivery_id', 'key', name=op.f('uq_events_delivery_id_key')),
    sa.UniqueConstraint('delivery_id', 'sequence', name=op.f('uq_events_delivery_id_sequence'))
    )
    op.create_table('messages',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('delivery_id', sa.String(length=140), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('recipient_role', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('text_zh', sa.Text(), nullable=False),
    sa.Column('text_en', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['deliveries.id'], name=op.f('fk_messages_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_messages')),
    sa.UniqueConstraint('delivery_id', 'sequence', 'recipient_role', name=op.f('uq_messages_delivery_id_sequence_recipient_role'))
    )
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception 'table % is append-only', tg_table_name;
        end $$
        """
    )
    op.execute(
        "create trigger events_append_only before update or delete or truncate on events "
        "for each statement execute function refuse_change()"
    )
