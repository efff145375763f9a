"""The code says which fact it rests on, as ``DOMAIN`` and a section, and the document has that section."""

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "domain.md"

SECTION = re.compile(r"§(\d+(?:\.\d+)?)(?!\.?\d)")
HEADING = re.compile(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", re.MULTILINE)
BEGIN = re.compile(r"\bDOMAIN\s+§")
NAMED = re.compile(r"\bDOMAIN\b(?!\s+§)")


def headings() -> list[str]:
    return HEADING.findall(DOCUMENT.read_text())


def files() -> Iterator[Path]:
    """All sources and documents, wherever they move; not the cited document, nor this file with its bad examples."""
    for top in sorted(ROOT.iterdir()):
        found = [] if top.name.startswith(".") else [top, *sorted(top.rglob("*"))]
        yield from (path for path in found if path.suffix in {".py", ".md"} and path.is_file())


def passages(path: Path) -> Iterator[str]:
    """Every string and comment of a source, every paragraph of a document, that may cite."""
    text = path.read_text()
    if "§" not in text and "DOMAIN" not in text:
        return
    if path.suffix == ".md":
        yield from re.split(r"\n\s*\n", text)
        return
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type != tokenize.NAME:
                yield token.string


def cited() -> list[tuple[Path, str]]:
    """Passages that speak of a section, with where they stand."""
    left_out = {DOCUMENT, Path(__file__)}
    return [
        (path.relative_to(ROOT), passage)
        for path in files()
        if path not in left_out
        for passage in passages(path)
        if "§" in passage or NAMED.search(passage)
    ]


def faults(passage: str, known: list[str]) -> list[str]:
    """What is wrong with the citations of a passage; the word DOMAIN begins them, and those behind it continue."""
    begin = BEGIN.search(passage)
    sections = SECTION.findall(passage)
    wrong = {
        "DOMAIN names no section": NAMED.search(passage) is not None,
        "§ without DOMAIN before it": "§" in (passage[: begin.start()] if begin else passage),
        "§ without the number of a section": passage.count("§") > len(sections),
    }
    missing = [f"no section {section}" for section in sections if section not in known]
    return [fault for fault, holds in wrong.items() if holds] + missing


def test_every_citation_leads_to_a_section_of_the_document() -> None:
    known = headings()
    assert [f"{path}: {fault}" for path, passage in cited() for fault in faults(passage, known)] == []


def test_the_citations_are_found_in_all_parts_of_the_program() -> None:
    found = [(path, section) for path, passage in cited() for section in SECTION.findall(passage)]
    assert len(found) > 200
    assert {"activities", "api", "database", "domain", "gateway", "sandbox", "tests", "workflows"} <= {
        path.parts[0] for path, _ in found
    }


@pytest.mark.parametrize(
    "passage",
    [
        "Clocks (DOMAIN §2).",
        "(DOMAIN §1.3, §1.4)",
        "DOMAIN §1.1 to §1.3",
        "DOMAIN §2: two of them.",
        "V2 (DOMAIN §1.1, §2), License 1.0 (§1.3)",
        "wrapped (DOMAIN\n    §1.4)",
    ],
)
def test_a_citation_names_the_document_once_and_may_go_on(passage: str) -> None:
    assert faults(passage, ["1.1", "1.3", "1.4", "2"]) == []


@pytest.mark.parametrize(
    ("passage", "fault"),
    [
        ("(DOMAIN §1.3, §9.9)", "no section 9.9"),
        ("(DOMAIN §13)", "no section 13"),
        ("as in §1.3", "§ without DOMAIN before it"),
        ("§1.3 (DOMAIN §1.4)", "§ without DOMAIN before it"),
        ("(DOMAIN-COMMERCE §1.3)", "§ without DOMAIN before it"),
        ("(DOMAIN 1.3)", "DOMAIN names no section"),
        ("(DOMAIN § 1.3)", "§ without the number of a section"),
        ("(DOMAIN §1.3.1)", "§ without the number of a section"),
    ],
)
def test_a_citation_that_leads_nowhere_is_reported(passage: str, fault: str) -> None:
    assert fault in faults(passage, ["1", "1.3", "1.4"])


def test_no_section_number_is_given_twice() -> None:
    assert len(headings()) == len(set(headings()))


def test_the_document_refers_to_sections_it_has() -> None:
    text = DOCUMENT.read_text()
    assert text.count("§") == len(SECTION.findall(text))
    assert set(SECTION.findall(text)) <= set(headings())
