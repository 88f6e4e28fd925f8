"""The invented market behind the routes: models with prices, apps, and how their traffic changes over time.

All randomness comes from ``dice``, and the arithmetic uses the four basic operations only, so the figures are the same
on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import product
from random import Random

import attrs

from openrouter_rankings.models.app_rankings import SUBCATEGORIES, AppCategory, AppSubcategory
from openrouter_rankings.models.data_set import FIRST_DAY

__all__ = ["APPS", "MODELS", "RANKED_MODELS", "App", "Price", "Trend", "dice", "price_of", "swing", "trend_of"]

_FAMILIES = (
    "northwind/gale",
    "saltmarsh/heron",
    "quillfern/verse",
    "ironbark/anvil",
    "tidewater/skiff",
    "lanternhill/ember",
    "mosswick/bramble",
    "farpoint-labs/sextant",
)


def _models(*variants: str) -> tuple[str, ...]:
    return tuple(f"{family}-{variant}" for family in _FAMILIES for variant in variants)


#: The ids of the most popular models.
MODELS = _models("1", "2", "2-mini")

#: The ids of all models.
RANKED_MODELS = MODELS + _models("1-mini", "2-pro", "2-coder", "2-vision", "3-preview", "2-mini:free", "1:free")

_APP_NAMES = (
    "Alder",
    "Bramble",
    "Cinder",
    "Dapple",
    "Fennel",
    "Gossamer",
    "Heather",
    "Inkwell",
    "Juniper",
    "Kestrel",
    "Larkspur",
    "Mallow",
    "Nettle",
    "Ochre",
    "Pebble",
    "Russet",
)

_APP_KINDS: Mapping[AppSubcategory, str] = {
    AppSubcategory.CLI_AGENT: "Hatch",
    AppSubcategory.IDE_EXTENSION: "Margin",
    AppSubcategory.CLOUD_AGENT: "Drift",
    AppSubcategory.PROGRAMMING_APP: "Workbench",
    AppSubcategory.NATIVE_APP_BUILDER: "Joinery",
    AppSubcategory.CREATIVE_WRITING: "Ballad",
    AppSubcategory.VIDEO_GEN: "Reel",
    AppSubcategory.IMAGE_GEN: "Easel",
    AppSubcategory.AUDIO_GEN: "Chime",
    AppSubcategory.ROLEPLAY: "Masque",
    AppSubcategory.GAME: "Gambit",
    AppSubcategory.WRITING_ASSISTANT: "Nib",
    AppSubcategory.GENERAL_CHAT: "Parley",
    AppSubcategory.PERSONAL_AGENT: "Errand",
    AppSubcategory.LEGAL: "Docket",
}


@attrs.frozen
class App:
    """An invented app. ``app_id`` and ``slug`` are stable; ``names`` are its aliases."""

    app_id: int
    slug: str
    names: tuple[str, ...]
    category: AppCategory
    subcategory: AppSubcategory

    def name_on(self, day: date) -> str:
        """The alias in use on a day."""
        return self.names[day.toordinal() % len(self.names)]


def _app(number: int, first: str, subcategory: AppSubcategory) -> App:
    name = f"{first} {_APP_KINDS[subcategory]}"
    aliases = (name, f"{name} App") if number % 7 == 0 else (name,)
    category = next(category for category, members in SUBCATEGORIES.items() if subcategory in members)
    return App(1000 + 37 * number, name.lower().replace(" ", "-"), aliases, category, subcategory)


#: All apps.
APPS = tuple(
    _app(number, first, subcategory) for number, (first, subcategory) in enumerate(product(_APP_NAMES, _APP_KINDS))
)


def dice(*names: object) -> Random:
    """A random number generator seeded with these names."""
    return Random(" ".join(map(str, names)))  # noqa: S311 - reproducible on purpose


def swing(daily: Random, width: float = 0.05) -> float:
    """A random factor from 1 - ``width`` to 1 + ``width``."""
    return 1 + width * (2 * daily.random() - 1)


@attrs.frozen
class Trend:
    """Traffic that grows or shrinks.

    Attributes:
        tokens: tokens a day on the first day of the data.
        growth: growth a year, as a fraction of ``tokens``.
    """

    tokens: float
    growth: float

    def on(self, day: date, daily: Random) -> int:
        """Tokens on a day; ``daily`` is that day's random number generator."""
        years = (day - FIRST_DAY).days / 365
        return int(self.tokens * max(0.1, 1 + self.growth * years) * swing(daily))


def trend_of(name: str, seed: int, most: float) -> Trend:
    """The trend of a model or an app, with at most about ``most`` tokens a day on the first day of the data."""
    lasting = dice(seed, "trend", name)
    size = lasting.random()
    return Trend(most * (0.0001 + size * size * size * size), 2 * lasting.random() - 0.5)


@attrs.frozen
class Price:
    """A model's price, in US cents per million tokens."""

    prompt: int
    completion: int

    def per_token(self) -> dict[str, str]:
        """US dollars per token, as decimal strings like the API's."""
        return {"prompt": _decimal(self.prompt), "completion": _decimal(self.completion)}


def price_of(model: str, seed: int) -> Price:
    """The price of a model, the same in every data set."""
    lasting = dice(seed, "price", model)
    prompt = 5 + int(295 * lasting.random())
    return Price(prompt, prompt * (2 + int(6 * lasting.random())))


def _decimal(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-8).normalize():f}"
