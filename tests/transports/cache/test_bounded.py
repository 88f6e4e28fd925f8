"""The bounded mapping: never more than its limits, and the least recently used go first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openrouter_rankings.transports.cache.bounded import BoundedMapping


def test_the_least_recently_used_value_makes_room() -> None:
    mapping: BoundedMapping[int] = BoundedMapping(2, 100)
    mapping.put("a", 1, 1)
    mapping.put("b", 2, 1)
    assert mapping.get("a") == 1
    mapping.put("c", 3, 1)
    assert [mapping.get(key) for key in "abc"] == [1, None, 3]


def test_a_value_over_the_limit_is_not_kept_and_drives_no_other_out() -> None:
    mapping: BoundedMapping[int] = BoundedMapping(2, 100)
    mapping.put("a", 1, 60)
    mapping.put("b", 2, 101)
    assert [mapping.get("a"), mapping.get("b"), mapping.size] == [1, None, 60]


def test_a_value_replaces_an_earlier_one_and_its_bytes() -> None:
    mapping: BoundedMapping[int] = BoundedMapping(2, 100)
    mapping.put("a", 1, 60)
    mapping.put("a", 2, 90)
    assert (mapping.get("a"), mapping.size, len(mapping)) == (2, 90, 1)
    mapping.put("a", 3, 1000)
    assert (mapping.get("a"), mapping.size, len(mapping)) == (None, 0, 0)


def test_what_is_discarded_takes_no_bytes() -> None:
    mapping: BoundedMapping[int] = BoundedMapping(2, 100)
    mapping.put("a", 1, 60)
    mapping.discard("a")
    mapping.discard("a")
    assert (mapping.get("a"), mapping.size, len(mapping)) == (None, 0, 0)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 50), st.booleans()), max_size=60))
def test_the_limits_hold_after_any_sequence_of_operations(operations: list[tuple[str, int, bool]]) -> None:
    mapping: BoundedMapping[int] = BoundedMapping(3, 100)
    sizes: dict[str, int] = {}
    for key, size, keep in operations:
        if keep:
            mapping.put(key, size, size)
            sizes[key] = size
        else:
            mapping.discard(key)
        assert len(mapping) <= 3
        assert mapping.size == sum(sizes[key] for key in sizes if mapping.get(key) is not None) <= 100
