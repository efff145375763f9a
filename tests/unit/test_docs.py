"""The documents say what the code does."""

import re
from pathlib import Path

import pytest

from api.problems import STATUSES
from domain.errors import ErrorCode
from domain.policy import Policy
from launcher.flow_pages import pages
from settings import Settings
from workflows import search_attributes

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", pages())
def test_the_flow_pages_are_drawn_from_the_tables(name: str) -> None:
    assert (DOCS / "flows" / name).read_text() == pages()[name]


def test_there_is_no_other_flow_page() -> None:
    assert {page.name for page in (DOCS / "flows").iterdir()} == set(pages())


def test_every_setting_is_documented() -> None:
    text = (DOCS / "operations.md").read_text()
    for name in Settings.model_fields:
        assert f"`DELIVERY_{name.upper()}`" in text


def test_every_choice_of_the_platform_is_a_line_of_the_decisions() -> None:
    lines = (DOCS / "decisions.md").read_text().splitlines()
    for name in Policy.model_fields:
        assert any(f"`{name}`" in line.split("|")[1] for line in lines if line.startswith("| ")), name


def test_every_error_code_is_documented() -> None:
    text = (DOCS / "api.md").read_text()
    for code, status in STATUSES.items():
        assert f"| `{code}` | {status} |" in text


def test_every_error_code_has_a_status() -> None:
    assert set(STATUSES) == set(ErrorCode)


def test_the_compose_file_registers_every_search_attribute_and_sets_only_known_settings() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    registered = re.findall(r"--name=(\w+)\s+- --type=(\w+)", compose)
    assert registered == [(key.name, key.indexed_value_type.name.capitalize()) for key in search_attributes.ALL]
    names = {name.removeprefix("DELIVERY_").lower() for name in re.findall(r"\b(DELIVERY_\w+):", compose)}
    assert names <= set(Settings.model_fields)
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert required <= names


def test_links_between_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", *DOCS.rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document}: {target}"


def test_every_file_that_a_document_names_exists() -> None:
    named = {
        name: document
        for document in (ROOT / "README.md", *DOCS.rglob("*.md"))
        for name in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", document.read_text())
    }
    assert len(named) > 40, "documents name files in this form"
    for name, document in named.items():
        assert (ROOT / name).is_file(), f"{document}: {name}"


def test_the_readme_stays_within_two_screens() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in (ROOT / "README.md", *DOCS.rglob("*.md")):
        assert set(re.findall(r"\bmake ([a-z]+)\b", document.read_text())) <= targets | {"python"}
