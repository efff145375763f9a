"""``python -m launcher`` is the ``delivery`` program."""

import gc

# Before the imports: Python looks through all that is alive for each 700 new objects, and a program's models, routes
# and tables are tens of thousands that all stay. That look took a fifth of a start, and goes on in every process since.
gc.set_threshold(50_000, 20, 50)

from launcher.main import main  # noqa: E402

main()
