"""From an answer to frozen values: strict, quick when all is well, and exact about what is not.

An answer is read in two ways. The quick way, with msgspec if it is installed, only ever accepts. Whatever it does not
accept is read again the exact way, which needs nothing but the standard library and cattrs, and alone decides: so every
installation accepts the same answers, and refuses the others in the same words. The exact way looks for at most
``InvalidResponseError.MAX_PROBLEMS`` faults, so that refusing a hostile answer costs no more than reading it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from operator import eq
from traceback import clear_frames
from types import GenericAlias, ModuleType
from typing import Any, Generic, TypeVar, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn

from openrouter_rankings.errors import InvalidResponseError
from openrouter_rankings.models import scalars
from openrouter_rankings.models.scalar_types import Timestamp, TokenCount
from openrouter_rankings.models.scalars import MismatchError
from openrouter_rankings.models.synthetic import Mark

__all__ = ["Decoder", "StructureHook"]

T = TypeVar("T")
StructureHook = Callable[[Any, Any], Any]
Problem = tuple[str, str]


def _find_msgspec() -> ModuleType | None:
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec


_msgspec = _find_msgspec()

# What the quick way raises for an answer that it does not accept. msgspec's errors are not ValueErrors in all versions.
_NOT_ACCEPTED: tuple[type[Exception], ...] = (
    *(ValueError, TypeError, LookupError, ArithmeticError, RecursionError),
    *(() if _msgspec is None else (_msgspec.MsgspecError,)),
)


def _whole(answer: Any) -> Any:
    return answer


class Decoder(Generic[T]):
    """Reads answers of one kind.

    Unknown fields are ignored. A missing field, null, a value of another JSON type, NaN or an infinity is an
    ``InvalidResponseError`` that names the place.
    """

    def __init__(
        self,
        shape: type[Any],
        value_of: Callable[[Any], T] = _whole,
        *,
        quick_hooks: Mapping[Any, StructureHook] | None = None,
        register: Callable[[Converter], None] = lambda _: None,
        straight: bool = False,
    ) -> None:
        """Build the converters.

        Args:
            shape: the attrs class of the whole document.
            value_of: makes the value from an object of that class; raises a ``MismatchError`` if it cannot.
            quick_hooks: hand-written structure hooks of the quick way, for types of which an answer holds many. A hook
                may refuse a value by raising; it must never accept what the exact way refuses.
            register: adds the hooks that both ways need, such as the choice among the classes of a union.
            straight: let msgspec build the objects itself, without structure hooks. For strings, floats, dates and
                tuples it is as strict as the hooks; its integers are not limited to 64 bits.
        """
        self._shape = shape
        self._value_of = value_of
        self._straight = straight
        self._quick, self._exact = _quick_converter(quick_hooks or {}), _exact_converter()
        register(self._quick)
        register(self._exact)

    def decode(self, body: bytes) -> T:
        """Read the body of an answer.

        Raises:
            InvalidResponseError: the body is not what the contract promises.
        """
        try:
            return self._value_of(self._read_quickly(body))
        except _NOT_ACCEPTED:
            pass
        # Outside the handler, so that the failure of the quick way is not the context of the next error.
        return self.structure(_exact_document(body), body)

    def _read_quickly(self, body: bytes) -> Any:
        if self._straight and _msgspec is not None:
            # msgspec does not look into strings that it skips, and they may not be UTF-8.
            return self._build(body.decode())
        return self._quick.structure(_quick_document(body), self._shape)

    @cached_property
    def _build(self) -> Callable[[str], Any]:
        from msgspec import json as msgspec_json

        return msgspec_json.Decoder(self._shape).decode

    def structure(self, document: Any, body: bytes = b"") -> T:
        """Read a document that is parsed already.

        Args:
            document: the parsed document.
            body: what it was parsed from, for the error.

        Raises:
            InvalidResponseError: the document is not what the contract promises.
        """
        try:
            return self._value_of(self._exact.structure(document, self._shape))
        except (ClassValidationError, MismatchError) as error:
            problems = list(_problems(error))
        # The error's traceback keeps this frame alive, and with it all that a hostile document holds.
        del document
        raise InvalidResponseError(*problems, body=body)


def _quick_document(body: bytes) -> Any:
    if _msgspec is not None:
        return _msgspec.json.decode(body)
    # Looking for one byte first is a hundred times quicker than looking for three, and most answers escape nothing.
    if b"\\" in body and (b"\\ud" in body or b"\\uD" in body):
        raise ValueError("There may be a lone surrogate, which is not text.")
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
    raise ValueError(f"{name} is not a JSON number")


def _integer_literal(digits: str) -> float:
    try:
        return int(digits)
    except ValueError:
        # More digits than Python converts, 4,300 by default. As a float it is infinite, like 1e999.
        return float(digits)


_DECODER = json.JSONDecoder(parse_int=_integer_literal, parse_constant=_refuse_constant)


def _quick_converter(hooks: Mapping[Any, StructureHook]) -> Converter:
    # The parser has already refused lone surrogates.
    converter = _converter(scalars.read_string, _quick_array, detailed_validation=False)
    for kind, hook in hooks.items():
        converter.register_structure_hook_func(partial(eq, kind), hook)
    return converter


def _exact_converter() -> Converter:
    converter = _converter(scalars.read_text, _exact_array, detailed_validation=True)
    converter.register_structure_hook_factory(attrs.has, _exact_object)
    return converter


def _converter(
    read_string: StructureHook, array: Callable[[Any, Converter], StructureHook], *, detailed_validation: bool
) -> Converter:
    converter = Converter(detailed_validation=detailed_validation)
    converter.register_structure_hook(str, read_string)
    converter.register_structure_hook(float, scalars.read_number)
    converter.register_structure_hook(int, scalars.read_integer)
    converter.register_structure_hook(date, scalars.read_date)
    converter.register_structure_hook(Timestamp, scalars.read_timestamp)
    converter.register_structure_hook(Decimal, scalars.read_decimal)
    converter.register_structure_hook_func(partial(eq, TokenCount), scalars.read_token_count)
    converter.register_structure_hook_func(partial(eq, Mark), scalars.read_mark)
    converter.register_structure_hook_factory(_is_tuple, array)
    return converter


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _quick_array(kind: Any, converter: Converter) -> StructureHook:
    elements: Any = GenericAlias(list, get_args(kind)[:1])
    structure = converter.get_structure_hook(elements)

    def structure_array(value: Any, _: Any) -> tuple[Any, ...]:
        _check_is(list, value)
        return tuple(structure(value, elements))

    return structure_array


def _exact_array(kind: Any, converter: Converter) -> StructureHook:
    """Structures elements until there are enough problems.

    cattrs' own hook keeps an exception for each element that is not as promised, and a mebibyte holds 350,000 of them.
    """
    element = get_args(kind)[0]
    structure = converter.get_structure_hook(element)

    def structure_array(value: Any, _: Any) -> tuple[Any, ...]:
        _check_is(list, value)
        items: list[Any] = []
        problems: list[Problem] = []
        for index, inner in enumerate(value):
            try:
                items.append(structure(inner, element))
            except (ClassValidationError, MismatchError, _ArrayError) as error:
                problems += _problems(error, f"[{index}]")
                if len(problems) >= InvalidResponseError.MAX_PROBLEMS:
                    break
        if problems:
            raise _ArrayError(problems)
        return tuple(items)

    return structure_array


def _exact_object(kind: Any, converter: Converter) -> StructureHook:
    structure = make_dict_structure_fn(kind, converter)

    def structure_object(value: Any, kind: Any) -> Any:
        _check_is(dict, value)
        return structure(value, kind)

    return structure_object


def _check_is(kind: type[list[Any]] | type[dict[Any, Any]], value: Any) -> None:
    if type(value) is not kind:
        raise MismatchError("an array" if kind is list else "an object", value)


class _ArrayError(ValueError):
    """Elements of an array are not as promised: the place of each problem within the array, and the problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems)
        self.problems = problems


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
