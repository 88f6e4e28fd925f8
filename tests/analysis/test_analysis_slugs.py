"""Slugs: their parts, the resolver, and which slugs of several lists are one model."""

import pickle
from typing import Any

import pytest
from answers import check_value
from hypothesis import given
from hypothesis import strategies as st
from small_answers import SLUGS

from openrouter_rankings.analysis.errors import AmbiguousModelError, UnknownAuthorError
from openrouter_rankings.analysis.slugs import (
    Slug,
    SlugForms,
    SlugIndex,
    author_of,
    base_slug_of,
    grouping,
    near,
    parse_slug,
    resolve,
)
from openrouter_rankings.errors import ConfigurationError, RankingsError, UnknownModelError


@pytest.mark.parametrize(
    ("text", "model", "date", "variant"),
    [
        ("acme/swift-1", "acme/swift-1", None, None),
        ("acme/swift-1-20260731", "acme/swift-1", "20260731", None),
        ("acme/swift-4o-2024-05-13:free", "acme/swift-4o", "20240513", "free"),
        ("acme/swift-3.6-plus-04-02", "acme/swift-3.6-plus", "0402", None),
        ("acme/swift:free", "acme/swift", None, "free"),
        ("acme/swift:", "acme/swift", None, None),
        ("swift", "swift", None, None),
        ("", "", None, None),
    ],
)
def test_a_slug_has_a_model_a_date_and_a_variant(text: str, model: str, date: str | None, variant: str | None) -> None:
    assert parse_slug(text) == Slug(text, model, date, variant)


@pytest.mark.parametrize(
    "name", ["acme/large-2411", "acme/chat-v3-0324", "acme/m-20261301", "acme/m-20260732", "acme/m-13-01", "acme/m-8b"]
)
def test_what_is_no_date_belongs_to_the_name(name: str) -> None:
    assert parse_slug(name) == Slug(name, name, None, None)


def test_the_author_is_the_part_before_the_slash() -> None:
    assert author_of("farpoint-labs/sextant-1:free") == "farpoint-labs"
    assert author_of("swift:free") == "swift"
    assert base_slug_of("acme/swift-1:free") == "acme/swift-1"


def test_an_unknown_grouping_is_refused() -> None:
    unknown: Any = "vendor"
    with pytest.raises(ConfigurationError, match="of must be .*not 'vendor'"):
        grouping(unknown)
    unknown = []
    with pytest.raises(ConfigurationError, match=r"not \[\]"):
        grouping(unknown)


def test_values_are_frozen_and_slotted() -> None:
    check_value(parse_slug("acme/swift-1:free"))


# -- resolving -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "slugs", "found"),
    [
        # As written, whatever else there is.
        ("a/m", ["a/m", "a/m-20260101", "a/m:free"], "a/m"),
        ("a/m-20260101", ["a/m", "a/m-20260101"], "a/m-20260101"),
        # An undated slug for the one dated one.
        ("a/m", ["a/m-20260101", "a/n-20260101"], "a/m-20260101"),
        # The same date in another notation.
        ("a/m-2026-01-01", ["a/m-20260101", "a/m-20260202", "a/m"], "a/m-20260101"),
        # A dated slug for the undated one, where there is no other date.
        ("a/m-20260101", ["a/m", "a/n"], "a/m"),
        # The standard variant before others.
        ("a/m", ["a/m-20260101", "a/m-20260101:free"], "a/m-20260101"),
        ("a/m", ["a/m:free"], "a/m:free"),
        ("a/m-20260101", ["a/m:free"], "a/m:free"),
        # Each variant is a model of its own.
        ("a/m:free", ["a/m", "a/m-20260101:free"], "a/m-20260101:free"),
    ],
)
def test_a_model_is_found_by_any_form_of_its_slug(wanted: str, slugs: list[str], found: str) -> None:
    assert resolve(wanted, slugs) == found
    assert resolve(wanted, reversed(slugs)) == found


@pytest.mark.parametrize(
    ("wanted", "slugs", "candidates"),
    [
        ("a/m", ["a/m-20260202", "a/m-20260101", "a/n"], ("a/m-20260101", "a/m-20260202")),
        ("a/m-20260303", ["a/m", "a/m-20260101"], ("a/m", "a/m-20260101")),
        ("a/m", ["a/m:free", "a/m:beta"], ("a/m:beta", "a/m:free")),
    ],
)
def test_a_slug_that_fits_several_models_is_reported_and_not_guessed(
    wanted: str, slugs: list[str], candidates: tuple[str, ...]
) -> None:
    with pytest.raises(AmbiguousModelError) as caught:
        resolve(wanted, slugs)
    assert (caught.value.model, caught.value.candidates) == (wanted, candidates)
    assert isinstance(caught.value, LookupError)
    assert isinstance(caught.value, RankingsError)
    assert all(repr(slug) in str(caught.value) for slug in (wanted, *candidates))


@pytest.mark.parametrize(
    ("wanted", "slugs"),
    [
        ("a/m:free", ["a/m", "a/m:beta"]),
        ("a/m-20260101", ["a/m-20260202"]),
        ("a/m", ["b/m", "a/m-1"]),
        ("a/m", []),
    ],
)
def test_another_variant_date_or_name_is_another_model(wanted: str, slugs: list[str]) -> None:
    with pytest.raises(UnknownModelError) as caught:
        resolve(wanted, slugs)
    assert caught.value.model == wanted


def test_similar_slugs_are_suggested() -> None:
    with pytest.raises(UnknownModelError, match="Did you mean 'acme/swift-1'"):
        resolve("acme/swft-1", ["acme/swift-1", "birch/leaf"])


def test_many_candidates_are_counted_and_not_all_named() -> None:
    many = [f"a/m-2026-01-{day:02}" for day in range(1, 21)]
    with pytest.raises(AmbiguousModelError, match="and 15 more: give one of them in full") as caught:
        resolve("a/m", many)
    assert len(caught.value.candidates) == 20


def test_similarity_is_sought_within_bounds() -> None:
    assert near("x" * 201, ["x" * 200]) == []
    assert near("xy", ["x" * 10_000, "xyz"]) == ["xyz"]
    assert near("zzz", [*(f"{number:05}" for number in range(6000)), "zzz"]) == []


@pytest.mark.parametrize(
    "error",
    [AmbiguousModelError("a/m", ["a/m-20260101"]), UnknownAuthorError("acm", ["acme"]), UnknownAuthorError("x")],
)
def test_errors_survive_pickling(error: RankingsError) -> None:
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own pickle
    assert (type(copied), str(copied), vars(copied)) == (type(error), str(error), vars(error))


def test_an_unknown_author_reads_as_a_sentence() -> None:
    assert str(UnknownAuthorError("acm", ["acme"])) == "The answer has no model of 'acm'. Did you mean 'acme'?"
    assert str(UnknownAuthorError("x")) == "The answer has no model of 'x'."


@given(st.lists(st.sampled_from(SLUGS), unique=True), st.sampled_from(SLUGS))
def test_whatever_is_listed_what_fits_is_listed_and_of_the_same_model(listed: list[str], wanted: str) -> None:
    fitting = SlugIndex.of(listed).fitting(wanted)
    assert set(fitting) <= set(listed)
    assert {parse_slug(slug).model for slug in fitting} <= {parse_slug(wanted).model}
    assert fitting == [wanted] or wanted not in listed
    if len(fitting) == 1:
        assert resolve(wanted, listed) == fitting[0]
    else:
        with pytest.raises(AmbiguousModelError if fitting else UnknownModelError):
            resolve(wanted, listed)


# -- the same model in several lists ---------------------------------------------------------------------------------


def test_an_undated_slug_and_the_only_dated_one_are_one_model_under_the_dated_name() -> None:
    forms = SlugForms.of([["a/m", "b/n"], ["a/m-20260101", "b/n"]])
    assert forms.name("a/m") == forms.name("a/m-20260101") == "a/m-20260101"
    assert forms.name("b/n") == "b/n"
    assert forms.ambiguous == ()


def test_a_list_that_has_both_tells_them_apart() -> None:
    forms = SlugForms.of([["a/m", "a/m-20260101"], ["a/m-20260101"]])
    assert (forms.name("a/m"), forms.ambiguous) == ("a/m", ())


def test_two_dates_are_two_models_and_an_undated_slug_is_either() -> None:
    assert SlugForms.of([["a/m-20260101"], ["a/m-20260202"]]) == SlugForms({}, ())
    assert SlugForms.of([["a/m"], ["a/m-20260101"], ["a/m-20260202"]]) == SlugForms({}, ("a/m",))
    assert SlugForms.of([["a/m", "a/m-20260101"], ["a/m-20260202"]]) == SlugForms({}, ("a/m",))


def test_variants_are_matched_among_themselves() -> None:
    forms = SlugForms.of([["a/m", "a/m:free"], ["a/m-20260101:free"]])
    assert (forms.name("a/m"), forms.name("a/m:free")) == ("a/m", "a/m-20260101:free")


@given(st.lists(st.lists(st.sampled_from(SLUGS)), max_size=4))
def test_no_two_models_of_one_list_ever_become_one(lists: list[list[str]]) -> None:
    forms = SlugForms.of(lists)
    assert forms == SlugForms.of(reversed(lists))
    for slugs in lists:
        assert len(set(map(forms.name, slugs))) == len(set(slugs))
