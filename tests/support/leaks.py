"""Whether a secret can be reached from an object, however deep."""

from collections.abc import Iterator, Mapping
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any


def shows(root: object, secret: str) -> list[str]:
    """The places below ``root`` where ``secret`` stands: attributes, arguments, causes, contexts and containers.

    Frames of a traceback are left out: the code that sends the key holds it while it runs.
    """
    return [place for place, text in _texts(root, "error", set()) if secret in text]


def _texts(value: object, place: str, seen: set[int]) -> Iterator[tuple[str, str]]:
    if id(value) in seen or isinstance(value, (type, ModuleType, FrameType, TracebackType, CodeType)):
        return
    seen.add(id(value))
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, (bytes, bytearray)):
        yield place, value.decode("latin-1")
    else:
        yield f"str({place})", str(value)
        yield f"repr({place})", repr(value)
        for name, inner in _children(value):
            yield from _texts(inner, f"{place}{name}", seen)


def _children(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield f"[{name!r}]", inner
            yield ".key", name
    elif isinstance(value, (list, tuple, set, frozenset)):
        for index, inner in enumerate(value):
            yield f"[{index}]", inner
    if isinstance(value, BaseException):
        yield ".args", value.args
        yield ".__cause__", value.__cause__
        yield ".__context__", value.__context__
    yield from ((f".{name}", inner) for name, inner in getattr(value, "__dict__", {}).items())
    for kind in type(value).__mro__:
        for slot in getattr(kind, "__slots__", ()):
            if isinstance(slot, str) and hasattr(value, slot):
                yield f".{slot}", getattr(value, slot)
