"""Bringing the database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from database.session import engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def upgrade() -> None:
    """Run every migration that is missing; does nothing when there is none."""
    config = _config()
    with engine().connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def generate(message: str) -> None:
    """Write a migration for what the models have and the database lacks."""
    config = _config()
    with engine().connect() as connection:
        config.attributes["connection"] = connection
        command.revision(config, message=message, autogenerate=True)
