"""Telling the purchase system how an order ended."""

import time

from temporalio import activity

from activities.attempts import TriedError, attempt
from activities.http import post
from domain.records import OrderStatus
from domain.signatures import webhook_headers
from settings import settings

CALLBACK = "orderStatus"
SECONDS = 10.0


@activity.defn(name="tell-purchase-system")
def tell_purchase_system(status: OrderStatus) -> None:
    """Make one attempt of the signed callback; only an answer 2xx is success. Its key lets the receiver do it once."""
    body = status.model_dump_json(exclude={"key"}).encode()
    secret = settings().purchase_callback_secret.get_secret_value()
    headers = webhook_headers([secret.encode()], status.key, str(int(time.time())), body)

    def send() -> tuple[str, None]:
        answer = post(settings().purchase_callback_url, body, headers, SECONDS)
        said = f"HTTP {answer.status}: {answer.body.decode(errors='replace')}"
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - the 2xx range
            raise TriedError(said)
        return said, None

    attempt(status.delivery_id, status.key, CALLBACK, body.decode(), send)
