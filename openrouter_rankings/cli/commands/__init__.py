"""The commands, a module each. A new one is a module with a ``command``, and a name in ``program.COMMANDS``."""
