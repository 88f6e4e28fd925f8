"""What the service's answers say together: pure functions of answers, without I/O and without a clock.

Each function gives a table that cites its sources and carries the remarks that a reader must see with it:

- ``compare``: what changed between two answers
- ``trend``: a task, model or author over time, with the gaps
- ``leaders``: models and authors over all tasks, a macro category, one task, or a span of days
- ``concentration``: how much of the traffic few models or authors have
- ``weekly_totals``: the top models or authors of each week, and the rest
- ``sightings``: when models were first and last seen, so which are new and which have vanished
- ``pick``: which models are used for a kind of task, with reasons

``span`` and ``previous`` choose what to compare; ``resolve`` finds a model by any form of its slug.

Only top lists are published. Absence from a list is not zero here, and what a list hides is never shown as a fall.
"""
