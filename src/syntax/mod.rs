//! Text → tree and problems. Parsing never fails, and nothing in here knows SQLAlchemy or Alembic.

pub mod dotenv;
pub mod ini;
pub mod mako;
pub mod python;
pub mod sql;
pub mod toml;
pub mod yaml;
