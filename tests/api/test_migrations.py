"""The tables as the migrations make them."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from database.models import Base
from launcher.stack import Stack


@pytest.fixture
def connection(stack: Stack) -> Iterator[Connection]:
    engine = create_engine(stack.database_url)
    with engine.connect() as connected:
        yield connected
    engine.dispose()


def test_the_migrations_make_what_the_models_say(connection: Connection) -> None:
    assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


@pytest.mark.parametrize("change", ["update events set cause = 'x'", "delete from events", "truncate events"])
def test_nobody_rewrites_the_history(connection: Connection, change: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(change))
