"""Ages in words."""

__all__ = ["age_in_words"]


def age_in_words(seconds: float) -> str:
    """An age in the largest unit of which it has two: ``119 minutes``, ``2 hours``."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}s"
    whole = int(seconds)
    return f"{whole} second{'' if whole == 1 else 's'}"
