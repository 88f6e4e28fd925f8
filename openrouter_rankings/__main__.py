"""``python -m openrouter_rankings``: the command line."""

from openrouter_rankings.cli import main

if __name__ == "__main__":
    main()
