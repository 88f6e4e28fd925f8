"""``GET /datasets/app-rankings``: the apps that use the most tokens through OpenRouter, or grow the fastest.

Each provider counts tokens with its own tokenizer, so apps that use different providers compare only roughly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import ClassVar

import attrs

from openrouter_rankings.models.data_set import DataSet, DataSetMeta
from openrouter_rankings.models.item import Item
from openrouter_rankings.models.scalar_types import Columns, Timestamp, TokenCount

__all__ = [
    "LAST_APP_OFFSET",
    "MOST_APPS",
    "SUBCATEGORIES",
    "AppCategory",
    "AppRankings",
    "AppRankingsItem",
    "AppSort",
    "AppSubcategory",
    "decode_app_rankings",
]


MOST_APPS = 100
"""The most apps in one response."""

LAST_APP_OFFSET = 100
"""The greatest offset that the service accepts, so that 200 apps can be read."""


class AppCategory(StrEnum):
    """The categories of the apps marketplace."""

    CODING = "coding"
    CREATIVE = "creative"
    PRODUCTIVITY = "productivity"
    ENTERTAINMENT = "entertainment"


class AppSubcategory(StrEnum):
    """The subcategories of the apps marketplace; each belongs to one category."""

    CLI_AGENT = "cli-agent"
    IDE_EXTENSION = "ide-extension"
    CLOUD_AGENT = "cloud-agent"
    PROGRAMMING_APP = "programming-app"
    NATIVE_APP_BUILDER = "native-app-builder"
    CREATIVE_WRITING = "creative-writing"
    VIDEO_GEN = "video-gen"
    IMAGE_GEN = "image-gen"
    AUDIO_GEN = "audio-gen"
    ROLEPLAY = "roleplay"
    GAME = "game"
    WRITING_ASSISTANT = "writing-assistant"
    GENERAL_CHAT = "general-chat"
    PERSONAL_AGENT = "personal-agent"
    LEGAL = "legal"


SUBCATEGORIES: Mapping[AppCategory, tuple[AppSubcategory, ...]] = {
    AppCategory.CODING: (
        AppSubcategory.CLI_AGENT,
        AppSubcategory.IDE_EXTENSION,
        AppSubcategory.CLOUD_AGENT,
        AppSubcategory.PROGRAMMING_APP,
        AppSubcategory.NATIVE_APP_BUILDER,
    ),
    AppCategory.CREATIVE: (
        AppSubcategory.CREATIVE_WRITING,
        AppSubcategory.VIDEO_GEN,
        AppSubcategory.IMAGE_GEN,
        AppSubcategory.AUDIO_GEN,
    ),
    AppCategory.PRODUCTIVITY: (
        AppSubcategory.WRITING_ASSISTANT,
        AppSubcategory.GENERAL_CHAT,
        AppSubcategory.PERSONAL_AGENT,
        AppSubcategory.LEGAL,
    ),
    AppCategory.ENTERTAINMENT: (AppSubcategory.ROLEPLAY, AppSubcategory.GAME),
}
"""The subcategories of each category (openrouter.ai/docs/app-attribution, "Category groups")."""


class AppSort(StrEnum):
    """What apps are ranked by: tokens, or growth."""

    POPULAR = "popular"
    TRENDING = "trending"


@attrs.frozen(repr=False)
class AppRankingsItem(Item):
    """One app.

    Attributes:
        rank: its rank in the whole list, from 1, on whichever page it is.
        app_id: its stable number, which identifies it: the name can change between aliases.
        app_name: its display name.
        total_tokens: its prompt and completion tokens in the span.
        total_requests: its requests in the span.
    """

    rank: int
    app_id: int
    app_name: str
    total_tokens: TokenCount
    total_requests: int


@attrs.frozen(repr=False)
class AppRankings(DataSet[AppRankingsItem]):
    """One page of the ranking.

    Attributes:
        data: the apps, by rank.
        meta: the span, and when the service made the answer.
    """

    data: tuple[AppRankingsItem, ...]
    meta: DataSetMeta

    columns: ClassVar[Columns] = {
        "as_of": Timestamp,
        "start_date": date,
        "end_date": date,
        "rank": int,
        "app_id": int,
        "app_name": str,
        "total_tokens": int,
        "total_requests": int,
    }

    key: ClassVar[tuple[str, ...]] = ("app_id",)
    # One app_id flips between aliases.
    unstable: ClassVar[frozenset[str]] = frozenset({"app_name"})

    @property
    def source_line(self) -> str:
        return f"Source: OpenRouter (openrouter.ai/apps), as of {self.meta.as_of}."

    def _subject(self) -> str:
        return f"{len(self):,} apps, {self.meta.span}"

    def _label(self, row: AppRankingsItem) -> str:
        return f"{row.rank}. {row.app_name}"


decode_app_rankings: Callable[[bytes | str], AppRankings] = AppRankings.from_json
"""Read the body of a 200 response."""
