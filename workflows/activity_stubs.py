"""The activities the engine orders, as typed stubs; ``activities/`` implements each under the same name."""

from datetime import datetime

from temporalio import activity

from domain.recorded import Recorded
from domain.seller.calls import SellerAnswer, SellerCall
from domain.seller.instance_reports import QueryBatch, QueryPage
from domain.seller.probing import Probe
from domain.step import Unwritten

SELLER_CALLS_QUEUE_SUFFIX = "-seller-calls"


def seller_calls_queue(task_queue: str) -> str:
    """Name of the task queue that seller calls have to themselves."""
    return task_queue + SELLER_CALLS_QUEUE_SUFFIX


@activity.defn(name="record-rows")
def record_rows(unwritten: Unwritten) -> None:
    """Write rows of a process to the ledger, once."""
    raise NotImplementedError


@activity.defn(name="load-recorded")
def load_recorded(process: str) -> Recorded:
    """Read what the ledger has of a process."""
    raise NotImplementedError


@activity.defn(name="call-seller")
def call_seller(call: SellerCall) -> SellerAnswer:
    """Call the seller's production interface."""
    raise NotImplementedError


@activity.defn(name="query-instance")
def query_instance(call: SellerCall) -> None:
    """Ask a seller about an instance, and keep what it tells."""
    raise NotImplementedError


@activity.defn(name="products-to-probe")
def products_to_probe(after: str) -> list[str]:
    """Name the next products to be probed."""
    raise NotImplementedError


@activity.defn(name="probe-product")
def probe_product(probe: Probe) -> None:
    """Replay a product's test cases."""
    raise NotImplementedError


@activity.defn(name="instances-to-query")
def instances_to_query(after: str) -> QueryPage | None:
    """Name the next instances in use, in batches."""
    raise NotImplementedError


@activity.defn(name="query-instances")
def query_instances(batch: QueryBatch) -> None:
    """Ask a seller about many instances, and keep what it tells."""
    raise NotImplementedError


@activity.defn(name="appeal-due")
def appeal_due(filed_at: datetime) -> datetime:
    """Tell until when an appeal has to be handled, by the Chinese calendar."""
    raise NotImplementedError
