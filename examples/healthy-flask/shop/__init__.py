import os

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
migrate = Migrate()


def create_app() -> Flask:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL", "postgresql+psycopg://shop@localhost/shop")
    db.init_app(app)
    migrate.init_app(app, db)

    from shop import routes

    app.register_blueprint(routes.blueprint)
    return app
