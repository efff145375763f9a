"""Loading a program's code without looking for garbage in it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Import inside this: nothing is collected meanwhile, and what was loaded is never looked through again.

    Python looks for garbage at each 700 new objects, and a program's models, routes and tables are hundreds of
    thousands that all stay: looking took a fifth of a start, and went on in every full collection since.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
