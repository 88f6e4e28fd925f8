"""Model slugs: their parts, and which slugs name the same model.

A slug is ``author/name``, with a date where it names one version of the model, and a variant after a colon:
``openai/gpt-4o-2024-05-13:free``. The service writes dates as ``-20260731``, ``-2024-05-13`` and ``-04-02``. Four
digits, as in ``-0324`` and ``-2411``, are part of the name: vendors use them for months, days and sizes alike.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Literal

import attrs

from openrouter_rankings.analysis.errors import AmbiguousModelError
from openrouter_rankings.errors import ConfigurationError, UnknownModelError

__all__ = [
    "Of",
    "Slug",
    "SlugForms",
    "SlugIndex",
    "author_of",
    "base_slug_of",
    "grouping",
    "near",
    "parse_slug",
    "resolve",
]

Of = Literal["model", "base_slug", "author"]
"""What figures are given for: each slug, all variants of a slug together, or all models of an author together."""

_YEAR, _MONTH, _DAY = "20[0-9]{2}", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_DATE = re.compile(f"-({_YEAR}{_MONTH}{_DAY}|(?:{_YEAR}-)?{_MONTH}-{_DAY})$")

# Similarity takes quadratic time.
_LONGEST_COMPARED = 200
_MOST_COMPARED = 5000


@attrs.frozen
class Slug:
    """A model slug in its parts.

    Attributes:
        text: the slug as the service writes it.
        model: the slug without date and variant.
        date: the digits of the date, such as ``20240513``; None if undated.
        variant: the variant, such as ``free``; None for the standard one.
    """

    text: str
    model: str
    date: str | None
    variant: str | None


def parse_slug(text: str) -> Slug:
    """The parts of a slug. Every text is a slug."""
    base, _, variant = text.partition(":")
    match = _DATE.search(base)
    if match is None:
        return Slug(text, base, None, variant or None)
    return Slug(text, base[: match.start()], match[1].replace("-", ""), variant or None)


def author_of(slug: str) -> str:
    """The part before the slash; the whole base slug if it has none."""
    return base_slug_of(slug).partition("/")[0]


def base_slug_of(slug: str) -> str:
    """The slug without its variant."""
    return slug.partition(":")[0]


_GROUPINGS: Mapping[str, Callable[[str], str]] = {"model": str, "base_slug": base_slug_of, "author": author_of}


def grouping(of: Of) -> Callable[[str], str]:
    """The function from a slug to the name under which its figures are counted.

    Raises:
        ConfigurationError: ``of`` is not one of ``Of``.
    """
    try:
        return _GROUPINGS[of]
    except (KeyError, TypeError) as error:
        raise ConfigurationError(
            f'of must be "model", "base_slug" (variants together) or "author", not {of!r}.'
        ) from error


@attrs.frozen
class SlugIndex:
    """The slugs of a list, to find models in it.

    A slug that is listed as written names that model alone. Otherwise:

    - An undated slug fits every date of the model, and a dated one fits the same date in another notation.
    - A dated slug also fits an undated one. If the model is listed with other dates too, the undated one may be any of
      them, so all of them fit.
    - A slug without a variant fits the standard variant, and other variants only if no standard one fits. A slug with a
      variant fits no other variant.
    """

    _forms: Mapping[str, Sequence[Slug]] = attrs.field(hash=False)

    @classmethod
    def of(cls, slugs: Iterable[str]) -> SlugIndex:
        """The index of these slugs."""
        forms: defaultdict[str, list[Slug]] = defaultdict(list)
        for slug in map(parse_slug, sorted(set(slugs))):
            forms[slug.model].append(slug)
        return cls(dict(forms))

    def fitting(self, wanted: str) -> list[str]:
        """The listed slugs that fit ``wanted``, sorted: one if it is found, several if it is ambiguous."""
        slug = parse_slug(wanted)
        forms = self._forms.get(slug.model, ())
        if slug in forms:
            return [wanted]
        fitting = _of_date(slug.date, [form for form in forms if form.variant == slug.variant])
        if not fitting and slug.variant is None:
            fitting = _of_date(slug.date, forms)
        return [form.text for form in fitting]

    def resolve(self, wanted: str) -> str:
        """The one listed slug that fits ``wanted``.

        Raises:
            AmbiguousModelError: several slugs fit.
            UnknownModelError: none fits (also a ``KeyError``); it suggests similar slugs.
        """
        fitting = self.fitting(wanted)
        if len(fitting) > 1:
            raise AmbiguousModelError(wanted, fitting)
        if not fitting:
            raise UnknownModelError(
                wanted, near(wanted, (form.text for forms in self._forms.values() for form in forms))
            )
        return fitting[0]


def resolve(wanted: str, slugs: Iterable[str]) -> str:
    """The one of ``slugs`` that names the model ``wanted``, by the rules of ``SlugIndex``.

    Raises:
        AmbiguousModelError: several slugs fit.
        UnknownModelError: none fits (also a ``KeyError``); it suggests similar slugs.
    """
    return SlugIndex.of(slugs).resolve(wanted)


def _of_date(wanted: str | None, forms: Sequence[Slug]) -> Sequence[Slug]:
    if wanted is None:
        return forms
    of_same_date = [slug for slug in forms if slug.date == wanted]
    has_undated = any(slug.date is None for slug in forms)
    return of_same_date or (forms if has_undated else ())


def near(wanted: str, known: Iterable[str]) -> list[str]:
    """Up to three of the ``known`` names that are most similar to ``wanted``, the nearest first."""
    if len(wanted) > _LONGEST_COMPARED:
        return []
    short = (name for name in sorted(known) if len(name) <= _LONGEST_COMPARED)
    return get_close_matches(wanted, islice(short, _MOST_COMPARED))


@attrs.frozen
class SlugForms:
    """Which slugs of several lists name the same model.

    An undated slug is the same model as the dated one of the same name and variant if there is just one such date, and
    no list has both: a list with both tells them apart.

    Attributes:
        dated: the dated slug for each undated one that is the same model.
        ambiguous: undated slugs that may be any of several dated ones, or may not; they stay apart.
    """

    dated: Mapping[str, str] = attrs.field(hash=False)
    ambiguous: tuple[str, ...]

    @classmethod
    def of(cls, lists: Iterable[Iterable[str]]) -> SlugForms:
        """Compare the slugs of the lists, each list being what one answer or one date has."""
        places: defaultdict[str, set[int]] = defaultdict(set)
        for place, slugs in enumerate(lists):
            for slug in slugs:
                places[slug].add(place)
        models: defaultdict[tuple[str, str | None], list[Slug]] = defaultdict(list)
        for form in map(parse_slug, places):
            models[form.model, form.variant].append(form)
        dated: dict[str, str] = {}
        ambiguous: list[str] = []
        for undated, others in _with_undated(models.values()):
            apart = [slug for slug in others if places[slug].isdisjoint(places[undated])]
            if apart == others and len(others) == 1:
                dated[undated] = others[0]
            elif apart:
                ambiguous.append(undated)
        return cls(dated, tuple(sorted(ambiguous)))

    def name(self, slug: str) -> str:
        """The name that all forms of the model share: the dated slug where it is known."""
        return self.dated.get(slug, slug)


def _with_undated(models: Iterable[Sequence[Slug]]) -> Iterable[tuple[str, list[str]]]:
    """The undated slug of each model that has dated ones too, with these."""
    for forms in models:
        undated = [slug.text for slug in forms if slug.date is None]
        if undated and len(forms) > 1:
            yield undated[0], [slug.text for slug in forms if slug.date is not None]
