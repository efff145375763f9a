"""An engine that never was there is an outage; a bug of ours is not."""

import socket

import pytest

from api import temporal_gateway
from api.problems import ProblemError
from gateway.connection import connect


async def test_a_client_that_cannot_connect_is_an_outage(bare_settings: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        bare_settings.setenv("DELIVERY_TEMPORAL_ADDRESS", f"127.0.0.1:{closed.getsockname()[1]}")
    assert not await temporal_gateway.is_healthy(await connect(lazy=True))


@pytest.mark.usefixtures("bare_settings")
async def test_another_error_is_not_called_an_outage() -> None:
    with pytest.raises(RuntimeError, match="a bug") as told:
        async with temporal_gateway._reachable():
            raise RuntimeError("a bug")
    assert not isinstance(told.value, ProblemError)
