import uuid

from sqlmodel import Field, Relationship, SQLModel


class CustomerBase(SQLModel):
    email: str = Field(max_length=255, unique=True, index=True)


class Customer(CustomerBase, table=True):
    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    orders: list["Order"] = Relationship(back_populates="customer")


class CustomerCreate(CustomerBase):
    password: str


class Order(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    customer_id: uuid.UUID = Field(foreign_key="customer.id", ondelete="CASCADE")
    customer: Customer = Relationship(back_populates="orders")
