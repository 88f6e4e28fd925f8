"""The mutation score: of the mutants that mutmut tested, the part that the tests killed. See benchmarks/README.md.

Mutants that change nothing a test could see are listed in ``equivalent.toml``, each with a reason, and left out. The
others that survived are printed. The status is 1 where the score is below the goal.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

GOAL = 0.97
EQUIVALENT = Path(__file__).with_name("equivalent.toml")

_RESULT = re.compile(r"\s*(\S+__mutmut_\d+): (.+)")
_KILLED = {"killed", "timeout"}


class Rule(NamedTuple):
    """What ``equivalent.toml`` says of some mutants.

    Attributes:
        where: the mutated functions, as a pattern of file names: ``*.retry.*``.
        change: a regular expression that the change as a whole matches: the line before, " -> ", and the line after.
        reason: why no test could tell.
    """

    where: str
    change: str
    reason: str

    def covers(self, name: str, change: str) -> bool:
        return fnmatchcase(name, self.where) and re.fullmatch(self.change, change, re.DOTALL) is not None


def statuses() -> dict[str, str]:
    """The status of each mutant that was tested, by its name."""
    found = (_RESULT.fullmatch(line) for line in _mutmut("results", "--all", "true").splitlines())
    return {match[1]: match[2] for match in found if match and match[2] != "not checked"}


def change_of(name: str) -> str:
    """What a mutant changes, as one line: before -> after."""
    lines = [line for line in _mutmut("show", name).splitlines() if not line.startswith(("---", "+++"))]
    before, after = (" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return f"{before} -> {after}"


def survivors(names: list[str], rules: list[Rule]) -> Iterator[tuple[str, str, Rule | None]]:
    """Each name with its change, and the rule that covers it; None if there is none."""
    for name in names:
        change = change_of(name)
        yield name, change, next((rule for rule in rules if rule.covers(name, change)), None)


def _mutmut(*arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main() -> None:
    rules = [Rule(**rule) for rule in tomllib.loads(EQUIVALENT.read_text())["equivalent"]]
    tested = statuses()
    killed = sum(status in _KILLED for status in tested.values())
    judged = list(survivors([name for name, status in tested.items() if status not in _KILLED], rules))
    gaps = [(name, change) for name, change, rule in judged if rule is None]
    for name, change in gaps:
        print(f"{name}: {tested[name]}\n    {change}")
    score = killed / max(1, killed + len(gaps))
    print(f"{len(tested)} mutants: {killed} killed, {len(judged) - len(gaps)} equivalent, {len(gaps)} others")
    print(f"score: {score:.1%}, goal: {GOAL:.0%}")
    sys.exit(0 if tested and score >= GOAL else 1)


if __name__ == "__main__":
    main()
