"""The rows of a process that the ledger is not known to have, and who carries them there.

The asker of a command carries what its answer holds; what nobody asked for is carried by an activity. A row is kept
until a later asker, or the activity itself, shows that it stands: so every carrier can begin where the ledger ends.
"""

from collections.abc import Callable

from domain.step import Carried, Head, Row

MAX_ROWS = 30
"""Rows that may wait for the ledger before the process takes in nothing more: an activity's input ends at 2 MB, a row
with twenty attachments takes some 30 KB."""


class UnwrittenRows:
    """Rows on their way to the ledger, with the process as it was after the last of them."""

    def __init__(self, sequence: int) -> None:
        """Begin at the last row that the ledger has."""
        self._rows: list[Row] = []
        self._sequence = sequence
        self._carried_to = sequence
        self._answering = 0
        self._head: Head | None = None
        self._state = ""

    @property
    def rows(self) -> tuple[Row, ...]:
        """Oldest first."""
        return tuple(self._rows)

    @property
    def first(self) -> int:
        """Number of the oldest row that is still here; older ones are forgotten, for the ledger has them."""
        return self._rows[0].sequence if self._rows else self._sequence + 1

    @property
    def is_full(self) -> bool:
        """Nothing more is taken in before some are written."""
        return len(self._rows) >= MAX_ROWS

    @property
    def state_bytes(self) -> int:
        """Size of the state that travels with every row."""
        return len(self._state)

    def add(self, row: Row, head: Head, state: str) -> None:
        """Keep a row, with the process as it is after it.

        As it is then, not when it is carried: an appeal that waits for its date is in the state before it is on record.
        """
        self._rows.append(row)
        self._sequence = row.sequence
        self._head, self._state = head, state

    def carry(self, after: int, present: Callable[[], tuple[Head, str]]) -> Carried:
        """The rows after one; where there never was a row, with the present head and state."""
        rows = tuple(row for row in self._rows if row.sequence > after)
        head, state = (self._head, self._state) if self._head is not None else present()
        return Carried(rows=rows, head=head, state=state)

    def is_asked_for(self) -> None:
        """Somebody is going to be answered, and will carry what there is by then."""
        self._answering += 1

    def is_answered(self) -> None:
        """Somebody carries everything from here on."""
        self._answering -= 1
        self._carried_to = self._sequence

    def are_written(self, up_to: int) -> None:
        """Forget what is known to stand (I3)."""
        self._rows = [row for row in self._rows if row.sequence > up_to]
        self._carried_to = max(self._carried_to, min(up_to, self._sequence))

    def write_again(self) -> None:
        """Have an activity carry all that is here, whoever else does."""
        self._carried_to = min(self._carried_to, self.first - 1)

    @property
    def are_all_carried(self) -> bool:
        """Somebody carries, or has carried, every row."""
        return self._carried_to >= self._sequence

    @property
    def lack_a_carrier(self) -> bool:
        """An activity has to write: nobody asked for the last row, or all are stuck behind one who is answered late.

        Full, it writes even while somebody waits: nothing is taken in then, and nobody would ever be answered.
        """
        if not self._rows:
            return False
        return self.is_full or (not self._answering and not self.are_all_carried)
