"""The whole stack on one machine: PostgreSQL, Temporal, sandbox, worker and API as child processes on loopback."""

import fcntl
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

import httpx
from cryptography.fernet import Fernet
from pydantic import BaseModel

from domain.parties import Actor
from launcher.postgres import Postgres, database_url
from launcher.programs import DidNotStartError, Program, free_port, is_listening
from launcher.temporal import temporal
from sandbox.parties import MANAGER, OTHER_SELLER, SELLER, access_key, client_secret, open_api_keys

PREFERRED_PORTS = {"api": 8080, "ui": 8233, "sandbox": 8090, "engine": 7233, "database": 5433}
ROOT = Path(__file__).parent.parent


class Ports(BaseModel):
    """Loopback ports of one stack."""

    api: int
    ui: int
    sandbox: int
    engine: int
    database: int

    @classmethod
    def choose(cls, *, preferred: bool) -> "Ports":
        """Free ports; the usual ones if wanted and free."""
        chosen: dict[str, int] = {}
        for name, port in PREFERRED_PORTS.items():
            chosen[name] = free_port(port if preferred else 0, chosen.values())
        return cls(**chosen)


class Secrets(BaseModel):
    """What one stack's parts share; made once and kept in its folder."""

    database_password: str
    secret_key: str
    purchase_callback_secret: str
    sandbox_secret: str

    @classmethod
    def make(cls) -> "Secrets":
        """Fresh random ones."""
        return cls(
            database_password=secrets.token_hex(16),
            secret_key=Fernet.generate_key().decode(),
            purchase_callback_secret=secrets.token_hex(32),
            sandbox_secret=secrets.token_hex(32),
        )


GENERATION = 4
"""Counts the shapes that data may have; no version is released yet, so older data is not brought along."""


class Layout(BaseModel):
    """How to reach a stack: written to its folder for the other commands."""

    generation: int = 1
    ports: Ports
    secrets: Secrets

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox is."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def ui_url(self) -> str:
        """Where the Temporal UI is."""
        return f"http://127.0.0.1:{self.ports.ui}"

    @property
    def temporal_address(self) -> str:
        """Where the engine is."""
        return f"127.0.0.1:{self.ports.engine}"

    def token(self, actor: Actor) -> str:
        """A token of the sandbox's identity provider; raises httpx.HTTPError."""
        form = {
            "grant_type": "client_credentials",
            "client_id": f"{actor.role}:{actor.id}",
            "client_secret": client_secret(self.secrets.sandbox_secret, actor),
        }
        answer = httpx.post(f"{self.sandbox_url}/identity/token", data=form, timeout=10, trust_env=False)
        return str(answer.raise_for_status().json()["access_token"])


def layout_file(folder: Path) -> Path:
    """Where a stack's layout is kept; readable by its owner only."""
    return folder / "stack.json"


def read_layout(folder: Path) -> Layout | None:
    """The layout of the stack in this folder, if there ever was one."""
    file = layout_file(folder)
    return Layout.model_validate_json(file.read_text()) if file.exists() else None


def _take_lock(folder: Path) -> TextIO:
    """Hold the folder until the lock is closed; raises DidNotStartError when another stack has it."""
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        message = f"a stack is running in {folder} already"
        raise DidNotStartError(message) from error
    return lock


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """A folder for a stack that is thrown away; open to PostgreSQL's unprivileged user, unlike pytest's own."""
    with TemporaryDirectory(prefix=f"delivery-{purpose}-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def environment_of(folder: Path) -> dict[str, str]:
    """The settings of the stack in this folder, for commands that work on it; raises DidNotStartError."""
    layout = read_layout(folder)
    if layout is None:
        message = f"no stack in {folder}: start one with `delivery up`"
        raise DidNotStartError(message)
    return _environment(layout, database_url(layout.ports.database, layout.secrets.database_password))


def _environment(layout: Layout, url: str) -> dict[str, str]:
    sandbox = f"127.0.0.1:{layout.ports.sandbox}"
    return {
        "DELIVERY_DATABASE_URL": url,
        "DELIVERY_TEMPORAL_ADDRESS": layout.temporal_address,
        "DELIVERY_API_PORT": str(layout.ports.api),
        "DELIVERY_TOKEN_ISSUER": f"{layout.sandbox_url}/identity",
        "DELIVERY_TOKEN_KEYS_URL": f"{layout.sandbox_url}/identity/jwks",
        "DELIVERY_SECRET_KEY": layout.secrets.secret_key,
        "DELIVERY_PURCHASE_CALLBACK_URL": f"{layout.sandbox_url}/purchase/callback",
        "DELIVERY_PURCHASE_CALLBACK_SECRET": layout.secrets.purchase_callback_secret,
        "DELIVERY_SELLER_ADDRESS_ALLOW_LIST": json.dumps([sandbox]),
        "SANDBOX_URL": layout.sandbox_url,
        "SANDBOX_API_URL": layout.api_url,
        "SANDBOX_SECRET": layout.secrets.sandbox_secret,
        "SANDBOX_PURCHASE_CALLBACK_SECRET": layout.secrets.purchase_callback_secret,
    }


class Stack:
    """All parts of a stack in one folder."""

    def __init__(self, folder: Path, *, preferred_ports: bool = False, settings: dict[str, str] | None = None) -> None:
        """Lay the parts out; extra settings go to API and worker."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _take_lock(folder)
        known = read_layout(folder)
        if known is not None and known.generation != GENERATION:
            self._lock.close()
            message = f"the data in {folder} is of an earlier, unreleased version: move the folder away and start anew"
            raise DidNotStartError(message)
        self.folder = folder
        self.layout = Layout(
            generation=GENERATION,
            ports=Ports.choose(preferred=preferred_ports),
            secrets=known.secrets if known else Secrets.make(),
        )
        file = layout_file(folder)
        file.touch(mode=0o600)
        file.write_text(self.layout.model_dump_json())
        self.logs = folder / "logs"
        self.logs.mkdir(exist_ok=True)
        ports, shared = self.layout.ports, self.layout.secrets
        self._postgres = Postgres(
            folder / "postgres", ports.database, shared.database_password, self.logs / "postgres.log"
        )
        self.environment = _environment(self.layout, self._postgres.url) | (settings or {})
        self.postgres = self._postgres.program
        self.temporal = temporal(folder, ports.engine, ports.ui, self.logs / "temporal.log")
        self.sandbox = self._own("sandbox", lambda: is_listening(ports.sandbox))
        self.worker = self._own("worker", lambda: self.worker.has_said("worker ready"))
        self.api = self._own("api", lambda: is_listening(ports.api))

    @property
    def programs(self) -> tuple[Program, ...]:
        """Every part, in the order in which they start."""
        return (self.postgres, self.temporal, self.sandbox, self.worker, self.api)

    @property
    def database_url(self) -> str:
        """The database's SQLAlchemy URL."""
        return self._postgres.url

    def _command(self, name: str) -> list[str]:
        return [sys.executable, "-m", "launcher", name]

    def _own(self, name: str, is_ready: Callable[[], bool]) -> Program:
        return Program(
            name=name,
            command=self._command(name),
            log=self.logs / f"{name}.log",
            is_ready=is_ready,
            environment=self.environment,
            folder=ROOT,
        )

    def start(self, report: Callable[[str], None] = lambda _: None) -> None:
        """Start everything and wait until it serves; raises DidNotStartError after stopping what did start."""
        with ExitStack() as undo:
            undo.callback(self.stop)
            for program in (self.temporal, self.postgres, self.sandbox):
                program.start()
            self.postgres.wait_until_ready()
            report("PostgreSQL is up")
            self._migrate()
            self.temporal.wait_until_ready()
            report("Temporal is up")
            for program in (self.worker, self.api):
                program.start()
            for program in (self.sandbox, self.api, self.worker):
                program.wait_until_ready()
                report(f"{program.name} is up")
            self._connect_sellers()
            undo.pop_all()

    def _migrate(self) -> None:
        done = subprocess.run(  # noqa: S603 - our own command
            self._command("migrate"), env=self.environment, cwd=ROOT, capture_output=True, check=False
        )
        if done.returncode != 0:
            message = f"the migrations failed:\n{done.stderr.decode(errors='replace')}"
            raise DidNotStartError(message)

    def _connect_sellers(self) -> None:
        """Enter the sandbox's sellers, as an operations manager would."""
        headers = {"Authorization": f"Bearer {self.layout.token(MANAGER)}"}
        secret = self.layout.secrets.sandbox_secret
        for seller in (SELLER, OTHER_SELLER):
            open_api_access_key, open_api_secret_key = open_api_keys(secret, seller.id)
            httpx.put(
                f"{self.layout.api_url}/v1/sellers/{seller.id}/connection",
                headers=headers,
                json={
                    "production_url": f"{self.layout.sandbox_url}/seller/{seller.id}/production",
                    "access_key": access_key(secret, seller.id),
                    "open_api_access_key": open_api_access_key,
                    "open_api_secret_key": open_api_secret_key,
                },
                timeout=10,
                trust_env=False,
            ).raise_for_status()

    def stop(self) -> None:
        """Stop everything, the last started first."""
        for program in reversed(self.programs):
            program.stop()
        self._lock.close()
