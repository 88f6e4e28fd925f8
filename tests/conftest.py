"""Settings of the whole suite."""

from hypothesis import settings

# How long an example takes says nothing on a busy machine.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
