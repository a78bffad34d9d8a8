"""Compile column types with the real SQLAlchemy. Reads a JSON list of Python expressions from standard input and prints a
JSON object: each expression with its text for postgresql, mysql and sqlite, null where SQLAlchemy refuses or has no such
type."""

import datetime
import decimal
import enum
import json
import sys
import uuid
import warnings

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import declarative_base

warnings.simplefilter("ignore")


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"


DIALECTS = {"postgresql": postgresql.dialect(), "mysql": mysql.dialect(), "sqlite": sqlite.dialect()}
NAMES = {
    "sa": sa,
    "pg": postgresql,
    "my": mysql,
    "lite": sqlite,
    "Color": Color,
    "datetime": datetime,
    "decimal": decimal,
    "uuid": uuid,
}


def of_annotation(text):
    from sqlalchemy.orm import Mapped, mapped_column

    space = {
        "__tablename__": "t",
        "id": mapped_column(sa.Integer, primary_key=True),
        "__annotations__": {"x": eval(text, dict(NAMES, Mapped=Mapped))},
    }
    return type("T", (declarative_base(),), space).__table__.c.x.type


def compiled(text):
    try:
        found = of_annotation(text) if text.startswith("Mapped[") else eval(text, NAMES)
    except Exception:
        return dict.fromkeys(DIALECTS)
    found = sa.types.to_instance(found)
    texts = {}
    for name, dialect in DIALECTS.items():
        try:
            texts[name] = found.compile(dialect=dialect)
        except Exception:
            texts[name] = None
    return texts


print(json.dumps({text: compiled(text) for text in json.load(sys.stdin)}))
