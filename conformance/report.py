"""A conformance run as a table, as a page, and as JUnit XML."""

from collections.abc import Sequence
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rich.table import Table
from rich.text import Text

from conformance.checks import CheckOutcome


def table(outcomes: Sequence[CheckOutcome]) -> Table:
    """For the terminal."""
    made = Table(title="Conformance of the production interface V2", title_justify="left")
    for heading in ("case", "expected", "came", "ms", ""):
        made.add_column(heading, overflow="fold")
    for one in outcomes:
        verdict = Text("pass", style="green") if one.passed else Text("FAIL", style="bold red")
        made.add_row(
            Text(f"{one.title.en}\n{one.title.zh}"),
            one.expected,
            Text(one.got),
            str(one.milliseconds),
            verdict,
        )
    return made


def page(outcomes: Sequence[CheckOutcome]) -> str:
    """For people who were not there: one HTML page that loads nothing."""
    rows = "".join(
        f"<tr class={'pass' if one.passed else 'fail'}>"
        f"<td>{escape(one.title.en)}<br>{escape(one.title.zh)}"
        f"<td>{escape(one.expected)}<td>{escape(one.got)}<td>{one.milliseconds}"
        f"<td>{'pass' if one.passed else 'FAIL'}</tr>"
        for one in outcomes
    )
    failed = sum(not one.passed for one in outcomes)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Conformance report</title><style>"
        "body{font:16px/1.5 sans-serif;margin:2rem;max-width:70rem}table{border-collapse:collapse;width:100%}"
        "td,th{border-bottom:1px solid #bbb;padding:.5rem;text-align:left;vertical-align:top}"
        ".fail td:last-child{color:#a00;font-weight:bold}.pass td:last-child{color:#060}</style>"
        f"<h1>Conformance of the production interface V2</h1><p>{len(outcomes)} cases, {failed} failed.</p>"
        "<table><tr><th>case<th>expected<th>came<th>ms<th>verdict</tr>" + rows + "</table></html>\n"
    )


def junit(outcomes: Sequence[CheckOutcome]) -> str:
    """For a pipeline."""
    failed = sum(not one.passed for one in outcomes)
    suite = Element("testsuite", name="conformance", tests=str(len(outcomes)), failures=str(failed), errors="0")
    for one in outcomes:
        case = SubElement(
            suite, "testcase", classname="conformance", name=one.name, time=f"{one.milliseconds / 1000:.3f}"
        )
        if not one.passed:
            failure = SubElement(case, "failure", message=f"expected {one.expected}")
            failure.text = "".join(letter for letter in one.got if letter.isprintable())
    indent(suite)
    return tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
