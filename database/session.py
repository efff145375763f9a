"""Connections to PostgreSQL."""

import select
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from typing import TypeVar

import psycopg2.extensions
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, DisconnectionError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from settings import settings

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 8


@lru_cache
def engine() -> Engine:
    """The pool of this process for transactions."""
    return _engine(autocommit=False)


@lru_cache
def _autocommit() -> Engine:
    """The pool for statements that commit themselves.

    Of its own: a connection that changed its mode would have to be set back, which is a round trip at every use.
    """
    return _engine(autocommit=True)


def _engine(*, autocommit: bool) -> Engine:
    configured = settings()
    made = create_engine(
        configured.database_url.get_secret_value(),
        isolation_level="AUTOCOMMIT" if autocommit else "READ COMMITTED",
        # Each of the two pools has half: no thread ever holds a connection of both.
        pool_size=max(configured.database_pool // 2, 1),
        max_overflow=0,
        pool_timeout=STATEMENT_SECONDS,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c timezone=UTC",
            "tcp_user_timeout": STATEMENT_SECONDS * 1000,
        },
    )
    event.listen(made, "checkout", _refuse_closed)
    return made


def _refuse_closed(connection: psycopg2.extensions.connection, _record: object, _proxy: object) -> None:
    """Have a pooled connection replaced whose server has gone: an idle one has nothing to read but its end.

    That is asked of the kernel. A ping would ask the server, and cost every use of a connection a round trip.
    """
    ready = select.poll()
    ready.register(connection.fileno(), select.POLLIN)
    if ready.poll(0):
        raise DisconnectionError


@lru_cache
def _sessions() -> sessionmaker[Session]:
    return sessionmaker(engine(), expire_on_commit=False)


def reading() -> Session:
    """A session for queries; what it changes is not kept."""
    return _sessions()()


def writing() -> AbstractContextManager[Session]:
    """A session whose transaction is committed at its end, or rolled back by an exception."""
    return _sessions().begin()


@contextmanager
def snapshot() -> Iterator[Session]:
    """A session for reading in which every query sees the same moment."""
    with reading() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


Result = TypeVar("Result")


def at_once(statement: Callable[[Connection], Result]) -> Result:
    """Run one statement that commits itself; it must bear being run again.

    When its connection breaks, all of that age are thrown away, and it runs once more on a fresh one.
    """
    try:
        with _autocommit().connect() as connection:
            return statement(connection)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    with _autocommit().connect() as connection:
        return statement(connection)


def is_ready() -> bool:
    """Tell whether the database has its tables; raises SQLAlchemyError when it is away."""
    return bool(at_once(lambda connection: connection.scalar(text("select count(*) from alembic_version"))))


def is_outage(error: BaseException) -> bool:
    """Tell a database that is away from a statement that is wrong."""
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeoutError)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def is_refusal(error: BaseException) -> bool:
    """Tell a statement whose values the database can never keep; psycopg2 itself refuses U+0000 by ValueError."""
    return isinstance(error, (DataError, IntegrityError, ValueError))
