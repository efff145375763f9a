"""Know products: sale, probing, failed orders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('products',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('seller_id', sa.String(length=64), nullable=False),
    sa.Column('sale', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('frozen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cases', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_products'))
    )
    op.create_index(op.f('ix_products_seller_id'), 'products', ['seller_id'], unique=False)
    op.create_table('probes',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('product_id', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('passed', sa.Boolean(), nullable=False),
    sa.Column('results', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_probes_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_probes')),
    sa.UniqueConstraint('key', name=op.f('uq_probes_key'))
    )
    op.create_index('ix_probes_product', 'probes', ['product_id', 'at'], unique=False)
    op.create_table('product_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('product_id', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cause', sa.String(length=64), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_product_events_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product_events'))
    )
    op.create_index('ix_product_events_product', 'product_events', ['product_id', 'id'], unique=False)
    op.add_column('deliveries', sa.Column('product_id', sa.String(length=64), nullable=True))
    op.execute("update deliveries set product_id = \"order\" -> 'product' ->> 'id'")
    op.alter_column('deliveries', 'product_id', nullable=False)
    op.create_index('ix_deliveries_product', 'deliveries', ['product_id'], unique=False)


def downgrade() -> None:
    op.drop_column("deliveries", "product_id")
    op.drop_table("product_events")
    op.drop_table("probes")
    op.drop_table("products")
