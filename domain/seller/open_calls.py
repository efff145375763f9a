"""The calls that a process owes its seller: planned, under way, parked; part of the state, so part of the ledger."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, Field

from domain.base import Strict
from domain.policy import Policy
from domain.process import ProcessState
from domain.seller.calls import AfterWindow, CallFields, CallName, SellerAnswer, SellerCall, retry_window


class ParkedCall(Strict):
    """A call to the seller that waits for a restart, and why."""

    activity: str
    reason: str
    since: datetime


class OpenCall(Strict):
    """A call that the seller is to get, until it succeeds or is given up.

    ``generation`` counts its retry windows and restarts: each has a key of its own. ``until`` is the end of the window;
    a call that waits behind another has none yet.
    """

    number: int
    activity: CallName
    fields: CallFields
    generation: int = 1
    until: datetime | None = None
    parked: ParkedCall | None = None
    order_line: str | None = Field(default=None, description="The operation it belongs to, by its order line")
    changes_to: str | None = Field(default=None, description="The product it is once the call has succeeded")

    def waits_after(self, *, refused: bool, policy: Policy, now: datetime) -> bool:
        """Tell whether the call, having failed, waits for a restart; otherwise it is given up.

        What the table parks waits for good. What it refunds waits only when the seller refused it, for repeating it
        unchanged is of no use, and while its window is open (DOMAIN §5.7).
        """
        if retry_window(self.activity, policy).after is AfterWindow.PARK:
            return True
        return refused and self.until is not None and now < self.until

    def key(self, scope: str) -> str:
        """Makes the call count once at the seller; the attempts of one retry window share it."""
        return f"{scope}:{self.activity}:{self.number}.{self.generation}"

    def ordered(self, scope: str, delivery_id: str, seller_id: str, policy: Policy) -> SellerCall:
        """The call as an activity gets it."""
        return SellerCall(
            key=self.key(scope),
            delivery_id=delivery_id,
            seller_id=seller_id,
            activity=self.activity,
            fields=self.fields,
            every=retry_window(self.activity, policy).every,
        )


class Called(Strict):
    """How a window of a call ended: with an answer, or with the reason of its last failure."""

    number: int
    generation: int
    answer: SellerAnswer | None = None
    reason: str = ""
    parks: bool = Field(default=False, description="Without an answer: it waits for a restart, and is not given up")


class CallBook(BaseModel):
    """Calls to the seller that are open, in the order in which they were planned."""

    calls: list[OpenCall] = Field(default_factory=list)
    calls_planned: int = 0

    @property
    def parked(self) -> tuple[ParkedCall, ...]:
        """The calls that wait for a restart."""
        return tuple(call.parked for call in self.calls if call.parked is not None)

    def is_calling(self, *activities: CallName) -> bool:
        """Tell whether one of these calls is open."""
        return any(call.activity in activities for call in self.calls)

    def can_restart(self, activity: str) -> bool:
        """A call waits for a restart, or for its next attempt."""
        return any(call.activity == activity and call.until is not None for call in self.calls)

    def plan(
        self,
        activity: CallName,
        fields: CallFields,
        *,
        order_line: str | None = None,
        changes_to: str | None = None,
    ) -> None:
        """Have the seller called; it is begun as soon as nothing stands before it."""
        self.calls_planned += 1
        self.calls.append(
            OpenCall(
                number=self.calls_planned,
                activity=activity,
                fields=fields,
                order_line=order_line,
                changes_to=changes_to,
            )
        )

    def open_window(self, call: OpenCall, policy: Policy, now: datetime) -> OpenCall:
        """Open the retry window of a call, unless it is open."""
        if call.until is not None:
            return call
        return self._change(call, until=now + retry_window(call.activity, policy).window)

    def renew_window(self, call: OpenCall, policy: Policy, now: datetime) -> None:
        """Open the retry window of a call anew."""
        self._change(call, until=now + retry_window(call.activity, policy).window)

    def drop(self, activities: Iterable[CallName]) -> None:
        """Calls that are not wanted any more."""
        unwanted = tuple(activities)
        self.calls = [call for call in self.calls if call.activity not in unwanted]

    def restart(self, activity: str, policy: Policy, now: datetime) -> None:
        """Have a call made again at once. What was parked for good gets a new window; a creation keeps its own."""
        for call in [one for one in self.calls if one.activity == activity and one.until is not None]:
            window = retry_window(call.activity, policy)
            until = now + window.window if window.after is AfterWindow.PARK else call.until
            self._change(call, generation=call.generation + 1, until=until, parked=None)

    def open_call(self, called: Called) -> OpenCall | None:
        """The call that an end belongs to; None for one that was dropped or restarted meanwhile."""
        asked = (called.number, called.generation)
        return next((call for call in self.calls if (call.number, call.generation) == asked), None)

    def finish(self, call: OpenCall) -> None:
        """Nobody has to see to a call any more."""
        self.calls = [one for one in self.calls if one.number != call.number]

    def park(self, call: OpenCall, reason: str, now: datetime) -> None:
        """Have a call wait for a restart."""
        self._change(call, parked=ParkedCall(activity=call.activity, reason=reason, since=now))

    def _change(self, call: OpenCall, **changes: object) -> OpenCall:
        changed = call.model_copy(update=changes)
        self.calls = [changed if one.number == call.number else one for one in self.calls]
        return changed


class CallingState(ProcessState, CallBook):
    """State of a process that calls its seller: what it owes is part of it, and so part of the ledger."""
