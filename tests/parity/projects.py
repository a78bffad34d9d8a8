"""How each project is run: what `projects.toml` says."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

USUAL = {
    "ini": "alembic.ini", "section": "alembic", "cwd": ".", "path": [], "x": [], "pre": "", "models": [],
    "environment": None, "script_location": None, "upgrade": None,
}


def how(name: str | None) -> argparse.Namespace:
    """The head of projects.toml says what each key means."""
    known = tomllib.loads((Path(__file__).resolve().parent / "projects.toml").read_text())
    if name is not None and name not in known:
        raise SystemExit(f"projects.toml has no `{name}`: {', '.join(known)}")
    said = known[name] if name else {}
    return argparse.Namespace(**{key: said.get(key, value) for key, value in USUAL.items()})
