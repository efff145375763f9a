"""The floor: a workflow with two human steps and nothing else.

This module imports the engine and nothing more, so that no import of ours is counted as the engine's cost.
"""

from temporalio import workflow

STEPS = 2


@workflow.defn
class BareOrder:
    """Waits for two steps; writes nothing, calls nobody, has no timer."""

    def __init__(self) -> None:
        """Begin before the first."""
        self._steps = 0

    @workflow.run
    async def run(self) -> int:
        """Wait for both."""
        await workflow.wait_condition(lambda: self._steps == STEPS)
        return self._steps

    @workflow.update
    async def step(self) -> int:
        """Take one."""
        self._steps += 1
        return self._steps
