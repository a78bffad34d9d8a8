from flask import Blueprint

from shop.models import Customer

blueprint = Blueprint("shop", __name__)


@blueprint.get("/customers")
def customers():
    return [customer.email for customer in Customer.query.order_by(Customer.email)]
