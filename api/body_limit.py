"""Refuses request bodies over the limit before anything parses them."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import ProblemError
from domain.errors import ErrorCode


class BodyLimit:
    """Reads each body up to the limit and hands it on, or answers 413.

    FastAPI's own ``max_body_size`` would answer in plain text: where the length is declared, it puts its 413 in place
    of any answer of the app's, from outside every middleware.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        """Wrap an application; the limit is in bytes."""
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.limit:
                await ProblemError(ErrorCode.BODY_TOO_LARGE).response()(scope, receive, send)
                return
        handed_on = False

        async def replay() -> Message:
            nonlocal handed_on
            if handed_on:
                return await receive()
            handed_on = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replay, send)
