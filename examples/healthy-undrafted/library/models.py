import enum
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Enum,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from library.types import Isbn


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Language(enum.Enum):
    DE = "de"
    EN = "en"


class Author(Base):
    __tablename__ = "author"
    __table_args__ = {"comment": "who wrote"}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    language: Mapped[Language]
    # An author has a best book, a book an author.
    best_book_id: Mapped[int | None] = mapped_column(
        ForeignKey("book.id", ondelete="SET NULL", use_alter=True, name="fk_author_best_book_id_book")
    )


class Book(Base):
    __tablename__ = "book"
    __table_args__ = (
        UniqueConstraint("author_id", "title"),
        CheckConstraint("price >= 0", name="price_not_negative"),
        Index("ix_book_title_lower", text("lower(title)")),
        Index("ix_book_tags", "tags", postgresql_using="gin"),
        Index("ix_book_in_print", "published", postgresql_where=text("in_print")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"))
    isbn: Mapped[str | None] = mapped_column(Isbn(), unique=True)
    title: Mapped[str] = mapped_column(String(200), comment="as on the cover")
    blurb: Mapped[str] = mapped_column(Text, server_default="")
    language: Mapped[Language] = mapped_column(Enum(Language), server_default="DE")
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    gross: Mapped[Decimal] = mapped_column(Numeric(10, 2), Computed("price * 1.07", persisted=True))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(20)), server_default=text("'{}'"))
    extra: Mapped[dict | None] = mapped_column(JSONB)
    published: Mapped[date | None]
    in_print: Mapped[bool] = mapped_column(server_default=text("true"))
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Loan(Base):
    __tablename__ = "loan"

    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"), primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    reader: Mapped[str] = mapped_column(String(100))
