"""From the bytes of an answer to frozen values: strict, quick when all is well, and exact about what is not.

The fast way (orjson if installed, no bookkeeping) only ever accepts. Whatever it does not accept is read again the slow
way, which is the same with and without orjson: it decides, and it names each place that is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, partial
from math import isfinite
from operator import eq
from traceback import clear_frames
from types import GenericAlias
from typing import Any, TypeVar, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn

from openrouter_rankings.errors import InvalidResponseError
from openrouter_rankings.models.data_set import Timestamp, TokenCount

__all__ = ["StructureHook", "decoder", "to_plain"]

T = TypeVar("T")
StructureHook = Callable[[Any, Any], Any]
Problem = tuple[str, str]

_JSON_NAMES: Mapping[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    type(None): "null",
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.{0,30}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)

# What databases and data frames can hold.
_LARGEST = 2**63 - 1

_MAX_SHOWN_BITS = 128


def _find_orjson() -> Callable[[bytes], Any] | None:
    try:
        from orjson import loads
    except ImportError:
        return None
    return loads


_orjson_loads = _find_orjson()


class _MismatchError(ValueError):
    """A value that is not of the promised kind."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(f"expected {expected}, got {_name(value)}")


def _name(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > _MAX_SHOWN_BITS:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    # A string is not shown: it could be the API key, repeated by the service.
    return _JSON_NAMES.get(type(value)) or f"a {type(value).__name__}"


class _ArrayError(ValueError):
    """Elements of an array that are not as promised: the place of each problem within the array, and the problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


def decoder(
    answer: type[T],
    quick_hooks: Mapping[Any, StructureHook] | None = None,
    register: Callable[[Converter], None] = lambda _: None,
) -> Callable[[bytes], T]:
    """A function from the body of an answer to its value.

    Unknown fields are passed over. What the function raises is an ``InvalidResponseError`` that names each place which
    is not as ``answer`` says: a missing field, null, a value of another JSON type, NaN or an infinity.

    Args:
        answer: the attrs class of the whole body.
        quick_hooks: hand-made structuring for types of which an answer holds so many that it counts. A hook may
            refuse a value by raising, and the value is then looked at the slow way; it must never accept what the slow
            way refuses.
        register: adds to a converter what this answer needs besides, such as the choice among the classes of a union;
            called once for each of the two ways.
    """
    quick, exact = _quick_converter(quick_hooks or {}), _exact_converter()
    register(quick)
    register(exact)

    def decode(body: bytes) -> T:
        try:
            return quick.structure(_quick_document(body), answer)
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
            pass
        # Outside the handler, so that the failure of the quick way is not the context of the next error.
        return structure_exactly(_exact_document(body), body)

    def structure_exactly(document: Any, body: bytes) -> T:
        try:
            return exact.structure(document, answer)
        except (ClassValidationError, _MismatchError) as error:
            problems = list(_problems(error))
        # The error's traceback keeps this frame alive, and with it all that a hostile document holds.
        del document
        raise InvalidResponseError(*problems, body=body)

    return decode


def to_plain(value: Any) -> Any:
    """The value as the API writes it: objects as dicts, arrays as lists, dates as ISO text."""
    return _plain_converter().unstructure(value)


@cache
def _plain_converter() -> Converter:
    converter = Converter(unstruct_collection_overrides={tuple: list})
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(Timestamp, str)
    converter.register_unstructure_hook(Decimal, "{:f}".format)
    converter.register_unstructure_hook_func(partial(eq, TokenCount), str)
    return converter


def _quick_document(body: bytes) -> Any:
    if _orjson_loads is not None:
        return _orjson_loads(body)
    # Looking for one byte first is a hundred times quicker than looking for three, and most answers escape nothing.
    if b"\\" in body and (b"\\ud" in body or b"\\uD" in body):
        raise ValueError("There may be half a surrogate pair, which is not text.")
    return _DECODER.decode(body.decode())


def _exact_document(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError as error:
        problem = f"the body is not UTF-8 (byte {error.start})"
    except RecursionError:
        problem = "the body is nested too deep"
    except ValueError as error:
        problem = f"the body is not JSON: {error}"
    # The parser's error is not the cause: it says no more than the problem, and keeps a second copy of the body.
    raise InvalidResponseError(("", problem), body=body)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _integer_literal(digits: str) -> float:
    try:
        return int(digits)
    except ValueError:
        # More digits than Python converts (4,300 by default); a float is quick, and infinite, as it is of 1e999.
        return float(digits)


_DECODER = json.JSONDecoder(parse_int=_integer_literal, parse_constant=_refuse_constant)


def _string(value: Any, _: Any) -> str:
    if type(value) is not str:
        raise _MismatchError("a string", value)
    return value


def _text(value: Any, _: Any) -> str:
    try:
        _string(value, _).encode()
    except UnicodeEncodeError as error:
        raise _MismatchError("text", value) from error
    return str(value)


def _number(value: Any, _: Any) -> float:
    if type(value) is float and isfinite(value):
        return value
    if type(value) is not int:
        raise _MismatchError("a number", value)
    try:
        return float(value)
    except OverflowError as error:
        raise _MismatchError("a number", value) from error


def _integer(value: Any, _: Any) -> int:
    if type(value) is not int or not -_LARGEST - 1 <= value <= _LARGEST:
        raise _MismatchError("a 64-bit integer", value)
    return value


def _token_count(value: Any, _: Any) -> int:
    if type(value) is not str or not _DIGITS.fullmatch(value) or int(value) > _LARGEST:
        raise _MismatchError("a 64-bit integer as a string of digits", value)
    return int(value)


def _decimal(value: Any, _: Any) -> Decimal:
    if type(value) is not str or not _DECIMAL.fullmatch(value):
        raise _MismatchError("a decimal number as a string", value)
    return Decimal(value)


def _timestamp(value: Any, _: Any) -> Timestamp:
    if type(value) is str and _INSTANT.fullmatch(value):
        try:
            instant = Timestamp(value)
            _ = instant.utc
        except (ValueError, OverflowError) as error:
            raise _MismatchError("an ISO-8601 instant", value) from error
        return instant
    raise _MismatchError("an ISO-8601 instant", value)


def _day(value: Any, _: Any) -> date:
    if type(value) is str:
        try:
            if _DATE.fullmatch(value):
                return date.fromisoformat(value)
            if _INSTANT.fullmatch(value):
                return _utc_date(datetime.fromisoformat(value))
        except (ValueError, OverflowError) as error:
            raise _MismatchError("a date (YYYY-MM-DD)", value) from error
    raise _MismatchError("a date (YYYY-MM-DD)", value)


def _utc_date(instant: datetime) -> date:
    return (instant if instant.tzinfo is None else instant.astimezone(UTC)).date()


def _converter(*, detailed_validation: bool) -> Converter:
    converter = Converter(detailed_validation=detailed_validation)
    converter.register_structure_hook(str, _text if detailed_validation else _string)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(date, _day)
    converter.register_structure_hook(Timestamp, _timestamp)
    converter.register_structure_hook(Decimal, _decimal)
    converter.register_structure_hook_func(partial(eq, TokenCount), _token_count)

    converter.register_structure_hook_factory(_is_tuple, _exact_array if detailed_validation else _quick_array)
    return converter


def _quick_array(kind: Any, converter: Converter) -> StructureHook:
    elements: Any = GenericAlias(list, get_args(kind)[:1])
    structure = converter.get_structure_hook(elements)

    def structure_array(value: Any, _: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise _MismatchError("an array", value)
        return tuple(structure(value, elements))

    return structure_array


def _exact_array(kind: Any, converter: Converter) -> StructureHook:
    """Structures elements until there are enough problems.

    cattrs' own hook keeps an exception for each element that is not as promised, and a MiB holds 350,000 of them.
    """
    element = get_args(kind)[0]
    structure = converter.get_structure_hook(element)

    def structure_array(value: Any, _: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise _MismatchError("an array", value)
        items: list[Any] = []
        problems: list[Problem] = []
        for index, inner in enumerate(value):
            try:
                items.append(structure(inner, element))
            except (ClassValidationError, _MismatchError, _ArrayError) as error:
                problems += _problems(error, f"[{index}]")
                if len(problems) >= InvalidResponseError.MAX_PROBLEMS:
                    break
        if problems:
            raise _ArrayError(problems)
        return tuple(items)

    return structure_array


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _quick_converter(hooks: Mapping[Any, StructureHook]) -> Converter:
    converter = _converter(detailed_validation=False)
    for kind, hook in hooks.items():
        converter.register_structure_hook_func(partial(eq, kind), hook)
    return converter


def _exact_converter() -> Converter:
    converter = _converter(detailed_validation=True)

    @converter.register_structure_hook_factory(attrs.has)
    def _(kind: Any, converter: Converter) -> StructureHook:
        structure = make_dict_structure_fn(kind, converter)

        def structure_object(value: Any, kind: Any) -> Any:
            if type(value) is not dict:
                raise _MismatchError("an object", value)
            return structure(value, kind)

        return structure_object

    return converter


def _problems(error: BaseException, path: str = "") -> Iterator[Problem]:
    # An exception of cattrs and its frames form a cycle, which keeps the document until the garbage collector runs.
    clear_frames(error.__traceback__)
    if isinstance(error, ClassValidationError):
        for inner, field in error.group_exceptions()[0]:
            yield from _problems(inner, f"{path}.{field.name}" if path else field.name)
    elif isinstance(error, _ArrayError):
        for place, what in error.problems:
            yield f"{path}{place}", what
    else:
        yield path, "missing" if isinstance(error, KeyError) else str(error)
