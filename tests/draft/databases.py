"""Databases to migrate: of a PostgreSQL of our own, or files of SQLite."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from server import Server

EXTENSIONS = ("pg_trgm", "citext", "hstore", "btree_gin", "uuid-ossp")


class Postgresql(Server):
    def empty(self, name: str, schemas: Iterable[str]) -> str:
        """An empty database of this name, with what migrations do not make: extensions and schemas."""
        import psycopg2

        url = self.database(name)
        connection = psycopg2.connect(url.replace("+psycopg2", ""))
        connection.autocommit = True
        cursor = connection.cursor()
        for extension in EXTENSIONS:
            try:
                cursor.execute(f'CREATE EXTENSION IF NOT EXISTS "{extension}"')
            except psycopg2.Error:
                pass
        for schema in schemas:
            cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        connection.close()
        return url

    def copy(self, of: str, name: str) -> str:
        """A database like the one at the URL `of`."""
        import psycopg2

        connection = psycopg2.connect(f"{self.url.replace('+psycopg2', '')}/postgres")
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{of.rsplit("/", 1)[1]}"')
        connection.close()
        return f"{self.url}/{name}"


class Sqlite:
    def __init__(self, scratch: Path) -> None:
        self.folder = scratch

    def __enter__(self) -> Sqlite:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def empty(self, name: str, _schemas: Iterable[str]) -> str:
        path = self.folder / f"{name}.sqlite"
        path.unlink(missing_ok=True)
        path.touch()
        return f"sqlite:///{path}"

    def copy(self, of: str, name: str) -> str:
        url = self.empty(name, [])
        shutil.copyfile(of.removeprefix("sqlite:///"), url.removeprefix("sqlite:///"))
        return url
