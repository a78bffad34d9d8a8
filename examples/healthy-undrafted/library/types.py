from sqlalchemy import String
from sqlalchemy.types import TypeDecorator


class Isbn(TypeDecorator):
    """Thirteen digits, without hyphens."""

    impl = String(13)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value.replace("-", "") if value else value
