"""What ``doctor`` knows: facts are gathered with I/O, and the checks on them are pure."""
