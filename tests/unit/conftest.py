"""Settings for what reads them, without any server behind."""

from collections.abc import Iterator

import pytest

from settings import settings


@pytest.fixture
def bare_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("DELIVERY_DATABASE_URL", "postgresql+psycopg2://nowhere")
    monkeypatch.setenv("DELIVERY_SECRET_KEY", "unused")
    monkeypatch.setenv("DELIVERY_PURCHASE_CALLBACK_SECRET", "unused")
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()
