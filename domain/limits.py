"""Where growth ends, so that a process can always still come to its end."""

MAX_TRANSITIONS = 1500
"""Steps after which a process is not prolonged any more; the engine takes 2000 Updates for one workflow."""
