"""``python -m launcher`` is the ``delivery`` program."""

from launcher.main import main

main()
