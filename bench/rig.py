"""Everything that is measured, on one machine: the stack, and beside it the floor's worker and both competitors."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg2
from sqlalchemy import make_url

from launcher.programs import Program, free_port, is_listening
from launcher.stack import ROOT, Stack, temporary_folder


@dataclass(frozen=True)
class Competitor:
    """An application that does the same three steps, and its port."""

    program: Program
    port: int


def pid_of(program: Program) -> int:
    """The process of a program that was started."""
    if program.process is None:
        raise RuntimeError(f"{program.name} does not run")
    return program.process.pid


def floor_worker(address: str, logs: Path, sticky_seconds: float | None = None) -> Program:
    """A worker of the floor, for the engine at this address."""
    command = [sys.executable, "-m", "bench.floor_worker", address]
    program = Program(
        name="floor worker",
        command=command if sticky_seconds is None else [*command, str(sticky_seconds)],
        log=logs / "floor-worker.log",
        is_ready=lambda: program.has_said("worker ready"),
        folder=ROOT,
    )
    return program


def competitor(stack: Stack, name: str) -> Competitor:
    """An application of the bench with a database of its own on the stack's server."""
    port = free_port(taken=stack.layout.ports.model_dump().values())
    program = Program(
        name=f"{name} application",
        command=[sys.executable, "-m", f"bench.{name}_app", str(port)],
        log=stack.logs / f"{name}.log",
        is_ready=lambda: is_listening(port),
        environment={"BENCH_DATABASE_URL": _new_database(stack.database_url, f"bench_{name}")},
        folder=ROOT,
    )
    return Competitor(program, port)


def _new_database(url: str, name: str) -> str:
    connection = connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
    connection.close()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def connect(url: str) -> "psycopg2.extensions.connection":
    """A connection to a database by its SQLAlchemy URL."""
    return psycopg2.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))


def ask(url: str, statement: str) -> str:
    """What a database answers to a statement with one answer."""
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        answer = cursor.fetchone()
    connection.close()
    return str(answer[0] if answer else "")


@contextmanager
def running(*programs: Program) -> Iterator[None]:
    """Programs for as long as they are needed."""
    with ExitStack() as stop:
        for program in programs:
            stop.callback(program.stop)
            program.start()
        for program in programs:
            program.wait_until_ready()
        yield


@contextmanager
def running_stack(settings: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """A stack of its own that is thrown away."""
    with temporary_folder("bench") as folder:
        stack = Stack(folder, settings=dict(settings or {}))
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()


def has_dbos() -> bool:
    """Tell whether the bench's own dependencies are installed; ``make bench`` does it."""
    return find_spec("dbos") is not None
