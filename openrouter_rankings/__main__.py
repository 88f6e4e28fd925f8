"""``python -m openrouter_rankings`` is the command line."""

from openrouter_rankings.cli import main

main()
