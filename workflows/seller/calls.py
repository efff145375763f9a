"""Makes the calls that a process's book holds: repeated, parked, restarted, given up (DOMAIN §5.7)."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from domain.order import Order
from domain.policy import Policy
from domain.seller.calls import CALL_REFUSED, CALLS, AfterWindow, ResultCode, SellerAnswer, retry_window
from domain.seller.open_calls import CallBook, Called, OpenCall
from workflows import activity_calls


@dataclass(frozen=True)
class Failure:
    """Why a call brought no success; a refused one is not repeated before somebody mended the reason."""

    reason: str
    refused: bool


@dataclass(frozen=True)
class Account:
    """Whose calls they are, what their keys begin with, and whether they go out one after the other."""

    scope: str
    order: Order
    policy: Policy
    one_at_a_time: bool


class SellerCalls:
    """Brings what runs in line with the book: the book says what is wanted, this only carries it out.

    Nothing is kept here that the book does not hold, so that a process started from the ledger goes on where it was.
    """

    def __init__(
        self,
        account: Account,
        book: CallBook,
        tell: Callable[[Called], None],
        spawn: Callable[[Coroutine[object, object, None]], asyncio.Task[None]],
    ) -> None:
        """Take whose calls they are, the book, where their ends are told, and how a task is begun."""
        self._account = account
        self._book = book
        self._tell = tell
        self._spawn = spawn
        self._running: dict[tuple[int, int], asyncio.Task[None]] = {}
        self._finished: frozenset[str] = frozenset()

    def resume(self, finished: frozenset[str]) -> None:
        """Go on after a start from the ledger; calls under these keys have succeeded already."""
        of_open_calls = {call.key(self._account.scope) for call in self._book.calls}
        # Only of calls that are open now: one that is planned later may get a number that a lost one had.
        self._finished = finished & of_open_calls
        for call in list(self._book.calls):
            if call.key(self._account.scope) in self._finished and CALLS[call.activity].needs:
                # It succeeded and the answer that the order needs was lost: asked again, which the seller must bear
                # (DOMAIN §5.5), it must not fail for want of time.
                self._book.renew_window(call, self._account.policy, workflow.now())
        self.look(workflow.now())

    def look(self, now: datetime) -> None:
        """Begin calls that are wanted and not under way, end those that are under way and not wanted any more."""
        wanted = self._book.calls[:1] if self._account.one_at_a_time else list(self._book.calls)
        keys = [(call.number, call.generation) for call in wanted]
        for key in [one for one in self._running if one not in keys]:
            self._running.pop(key).cancel()
        for key, call in zip(keys, wanted, strict=True):
            if key not in self._running:
                begun = self._book.open_window(call, self._account.policy, now)
                self._running[key] = self._spawn(self._make(begun, begun.until or now))

    async def _make(self, call: OpenCall, until: datetime) -> None:
        """Call until the window closes. A refused creation waits for its restart until then, and is given up."""
        told = await self._try(call, until) if call.parked is None else None
        if told is not None:
            self._tell(told)
        reason = told.reason if told is not None else (call.parked.reason if call.parked else "")
        waits = told is None or (told.answer is None and told.parks)
        if waits and retry_window(call.activity, self._account.policy).after is AfterWindow.REFUND:
            # The timer is the window's end: what is restarted before it cancels this task.
            await workflow.sleep(max(until - workflow.now(), timedelta(0)), summary=f"restart of {call.activity}")
            self._tell(Called(number=call.number, generation=call.generation, reason=reason))

    async def _try(self, call: OpenCall, until: datetime) -> Called:
        """Have the engine attempt the call until the window closes."""
        account = self._account
        if call.key(account.scope) in self._finished and not CALLS[call.activity].needs:
            return self._ended(call, SellerAnswer(result_code=ResultCode.SUCCESS))
        ordered = call.ordered(account.scope, account.order.delivery_id, account.order.seller_id, account.policy)
        try:
            return self._ended(call, await activity_calls.call_seller(ordered, until))
        except ActivityError as error:
            failure = failure_of(error)
            parks = call.waits_after(refused=failure.refused, policy=account.policy, now=workflow.now())
            return Called(number=call.number, generation=call.generation, reason=failure.reason, parks=parks)

    def _ended(self, call: OpenCall, answer: SellerAnswer) -> Called:
        return Called(number=call.number, generation=call.generation, answer=answer)


def failure_of(error: BaseException) -> Failure:
    """Why a call failed, in the words of its last attempt; raises what is no failure of a call."""
    if not isinstance(error, ActivityError):
        raise error
    cause: BaseException = error
    while isinstance(cause, FailureError) and cause.cause is not None:
        cause = cause.cause
    if isinstance(cause, ApplicationError):
        return Failure(reason=cause.message[:500], refused=cause.type == CALL_REFUSED)
    return Failure(reason=str(cause)[:500], refused=False)
