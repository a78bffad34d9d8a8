"""A PostgreSQL that lives as long as a `with` block."""

from __future__ import annotations

import glob
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path


def with_database(kind: type, then: Callable) -> int:
    """What `then` gives for a scratch folder and a server of this kind in it; both are gone afterwards."""
    scratch = Path(tempfile.mkdtemp(prefix="limbeck-"))
    os.chmod(scratch, 0o755)
    try:
        with kind(scratch) as server:
            return then(scratch, server)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


class Server:
    """Started on a free port, with its data below a scratch folder; as `nobody` where this process is root."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.given = os.environ.get("LIMBECK_PARITY_URL")
        self.data = scratch / "postgres"

    def __enter__(self) -> Server:
        if self.given:
            self.url = self.given.rstrip("/")
            return self
        self.bin = binaries()
        self.user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
        self.data.mkdir()
        if self.user:
            shutil.chown(self.data, "nobody", "nogroup")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.call("initdb", "-D", str(self.data), "-U", "limbeck", "-A", "trust", "-N", "-E", "UTF8")
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -k {self.data}"
        self.call("pg_ctl", "-D", str(self.data), "-w", "-l", str(self.data / "log"), "-o", options, "start")
        self.url = f"postgresql+psycopg2://limbeck@127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_: object) -> None:
        if not self.given:
            self.call("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")

    def call(self, program: str, *arguments: str) -> None:
        subprocess.run([*self.user, f"{self.bin}/{program}", *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")

    def database(self, name: str) -> str:
        """An empty database of this name; its URL."""
        import psycopg2

        connection = psycopg2.connect(f"{self.url.replace('+psycopg2', '')}/postgres")
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
        connection.close()
        return f"{self.url}/{name}"


def binaries() -> str:
    found = shutil.which("initdb")
    if found:
        return os.path.dirname(found)
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not folders:
        raise SystemExit("no PostgreSQL here: install it, or set LIMBECK_PARITY_URL")
    return folders[-1]
