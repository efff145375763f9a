"""Lets days pass for one delivery, or one instance: the engine's own clock is moved, nothing else."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.testing import TimeSkipper


class Clock:
    """The virtual clocks of an engine that was started with time skipping."""

    def __init__(self, client: Client) -> None:
        """Use a client of the engine."""
        self._client = client
        self._skipper = TimeSkipper(client)

    @classmethod
    async def connect(cls, temporal_address: str) -> "Clock":
        """Connect to an engine."""
        return cls(await Client.connect(temporal_address))

    async def pass_time(self, workflow_id: str, duration: timedelta) -> None:
        """Move a workflow's clock; returns when the time has passed, or the workflow has ended."""
        await self._skipper.fast_forward(self._client.get_workflow_handle(workflow_id), duration)
