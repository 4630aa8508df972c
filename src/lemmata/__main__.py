"""``python -m lemmata``: the command line."""

from lemmata.command_line import app

app()
