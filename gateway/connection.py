"""The one way to a Temporal client."""

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from settings import settings


async def connect(*, lazy: bool = False) -> Client:
    """Connect to the engine of the settings; lazily, the first call connects."""
    return await Client.connect(
        settings().temporal_address,
        namespace=settings().temporal_namespace,
        data_converter=pydantic_data_converter,
        lazy=lazy,
    )
