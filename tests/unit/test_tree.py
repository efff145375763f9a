"""The house stays in order: files that can be read in one go."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LAYERS = (
    "activities",
    "api",
    "bench",
    "conformance",
    "database",
    "domain",
    "gateway",
    "launcher",
    "sandbox",
    "settings",
    "tests",
    "workers",
    "workflows",
)
MAX_LINES = 400


@pytest.mark.parametrize("layer", LAYERS)
def test_no_file_is_too_long_to_be_read_in_one_go(layer: str) -> None:
    files = list((ROOT / layer).rglob("*.py"))
    assert files
    lengths = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_every_package_with_code_is_looked_at() -> None:
    found = {file.parts[-2] for file in ROOT.glob("*/__init__.py")}
    assert found == set(LAYERS)
