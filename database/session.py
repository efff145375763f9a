"""Connections to PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from settings import settings

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 8


@lru_cache
def engine() -> Engine:
    """The pool of this process."""
    configured = settings()
    return create_engine(
        configured.database_url.get_secret_value(),
        pool_size=configured.database_pool,
        max_overflow=0,
        pool_timeout=STATEMENT_SECONDS,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c timezone=UTC",
            "tcp_user_timeout": STATEMENT_SECONDS * 1000,
        },
    )


@lru_cache
def _sessions() -> sessionmaker[Session]:
    return sessionmaker(engine(), expire_on_commit=False)


def transaction() -> Session:
    """A session; begin it for writing."""
    return _sessions()()


@contextmanager
def snapshot() -> Iterator[Session]:
    """A session for reading in which every query sees the same moment."""
    with transaction() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def is_outage(error: BaseException) -> bool:
    """Tell a database that is away from a statement that is wrong."""
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeoutError)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
