"""Probing: replays a product's saved test cases at its seller, in debugging mode (DOMAIN §5.1, §5.8)."""

import time
from collections.abc import Sequence

from pydantic import TypeAdapter
from temporalio import activity

from activities.outbound.http import CallFailedError
from activities.seller.attempts import TriedError
from activities.seller.calls import connection, post_v2, understood
from database import products
from database.models import ProbeRow
from database.session import reading, writing
from domain.base import storable
from domain.seller.calls import ResultCode
from domain.seller.probing import Probe, ProbeCase, ProbeResult, failing_days, what_follows

PRODUCTS_PER_PAGE = 200
# One set for all calls: a saved test case shows that the interface answers, not that the instance it names is there.
SUCCESS_CODES = {ResultCode.SUCCESS, ResultCode.PROCESSING}
_CASES = TypeAdapter(tuple[ProbeCase, ...])


@activity.defn(name="products-to-probe")
def products_to_probe(after: str) -> list[str]:
    """A page of the products on sale that have test cases, behind the one named."""
    with reading() as session:
        return list(products.to_probe(session, after, PRODUCTS_PER_PAGE))


@activity.defn(name="probe-product")
def probe_product(probe: Probe) -> None:
    """Replay a product's test cases, keep what came back, and freeze or unfreeze its trading."""
    with reading() as session:
        product = products.find(session, probe.product_id)
        cases = _CASES.validate_python(product.cases) if product else ()
    if product is not None and cases:
        _keep(probe, [_try(product.seller_id, case) for case in cases])


def _try(seller_id: str, case: ProbeCase) -> ProbeResult:
    begin = time.monotonic()
    try:
        answer = post_v2(connection(seller_id), {**case.fields, "activity": case.activity, "testFlag": "1"})
        said, response = understood(answer)
        passed = response.result_code in SUCCESS_CODES
    except (CallFailedError, TriedError) as error:
        said, passed = str(error), False
    spent = round((time.monotonic() - begin) * 1000)
    return ProbeResult(
        name=case.name, activity=case.activity, passed=passed, answer=storable(said[:1000]), milliseconds=spent
    )


def _keep(probe: Probe, results: Sequence[ProbeResult]) -> None:
    row = ProbeRow(
        product_id=probe.product_id,
        key=probe.key,
        at=probe.at,
        passed=all(one.passed for one in results),
        results=[one.model_dump(mode="json") for one in results],
    )
    with writing() as session:
        product = products.find(session, probe.product_id, locked=True)
        if product is None or not products.write_probe(session, row):
            return
        probes = [(one.at, one.passed) for one in products.probes(session, probe.product_id)]
        event = what_follows(is_frozen=product.frozen_at is not None, probes=probes)
        if event is not None:
            detail = f"{failing_days(probes)} days of failing probes" if not row.passed else "the probe passed"
            products.note(session, product, event, probe.at, detail)
            products.announce(session, product, event, probe.at)
