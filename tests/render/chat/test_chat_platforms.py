"""Each platform shows a message as it was composed, whatever the names in it, and accepts its length."""

import warnings
from collections.abc import Callable
from typing import Any

import attrs
import chat_syntax
import pytest
from chat_answers import KINDS, apps, daily, sessions
from chat_syntax import ZERO_WIDTH_SPACE, Parsed
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, RichTextBlock
from telegram.helpers import escape_markdown

from openrouter_rankings.models.scalar_types import Timestamp
from openrouter_rankings.render import chat
from openrouter_rankings.render.chat import Answer, Options
from openrouter_rankings.render.chat.messages import Message, compose, utf16_units

with warnings.catch_warnings():
    # It imports audioop, which Python 3.12 calls deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord

HOSTILE = (
    "*_<b>@everyone",
    "```\u200b",
    "`````",
    "``` @everyone ```",
    "x`",
    "<@123456789012345678> <#1> <@&1> </run:1> <t:1>",
    "<!channel> <!here> <@U1> <http://evil.example|x> &lt;!channel&gt;",
    "https://evil.example/?a=b&c evil.example a@evil.example www.evil.example discord.gg/evil",
    "[text](tg://user?id=1) ![x](tg://emoji?id=1)",
    "</pre><a href='https://evil.example'>x</a><pre> &amp; &#60;",
    "\u202egnp.exe \u2066x\u2069",
    "a\nb\r\nc\u2028d\x00",
    "zero\u200bwidth\u2060 \ufeff",
    "# heading\n> quote\n- list\n1. one",
    "\\ \\` \\\\``` ~~x~~ ||x|| __x__ -# x",
    "x" * 5000,
    "a" + "\u0301" * 5000,
    "@" * 5000,
    "\ud800 \udfff",
    "千问" * 100,
    "שלום" * 100,
    "👨\u200d👩\u200d👧" * 100,
    "",
    " ",
)

names = (
    st.sampled_from(HOSTILE)
    | st.text(st.characters(), max_size=200)
    | st.text("`*_~|<>@#:/.-\\[](){}!&$+=x1 \u200b\u202e\n", max_size=80)
)
named = st.lists(names, min_size=1, max_size=12)
kinds = st.sampled_from(sorted(KINDS))


def asked(kind: str, texts: list[str]) -> tuple[Answer, Options]:
    make, options = KINDS[kind]
    return make(texts), options


def shown(answer: Answer, options: Options, text: str) -> Message:
    """The message with as many rows as it takes to have this visible text."""
    for rows in range(12, 0, -1):
        message = compose(answer, **(options | Options(top=rows)))
        if message.visible == text:
            return message
    raise AssertionError(f"no number of rows gives {text!r}")


def italic(message: Message) -> tuple[tuple[str, str], ...]:
    return tuple(("italic", note) for note in message.notes)


@given(named, kinds)
def test_telegram_parses_html_to_the_text_itself(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    parsed = chat_syntax.telegram_html(chat.telegram_html(answer, **options))
    message = shown(answer, options, parsed.text)
    assert parsed.entities == (("bold", message.heading), ("pre", message.block), *italic(message))


@given(named, kinds)
def test_telegram_parses_markdown_to_the_same_as_html(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    markdown = chat_syntax.telegram_markdown(chat.telegram_markdown(answer, **options))
    assert markdown == chat_syntax.telegram_html(chat.telegram_html(answer, **options))


@given(named, kinds)
def test_telegram_markdown_is_escaped_as_python_telegram_bot_does(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    text = chat.telegram_markdown(answer, **options)
    message = shown(answer, options, chat_syntax.telegram_markdown(text).text)
    heading, subtitle, *notes = (
        escape_markdown(line, 2) for line in (message.heading, message.subtitle, *message.notes)
    )
    block = escape_markdown(message.block, 2, "pre")
    assert text == "\n".join((f"*{heading}*", subtitle, f"```\n{block}```", *(f"_{note}_" for note in notes)))


@given(named, kinds)
def test_discord_parses_the_content_to_the_text_itself(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    parsed = without_separators(chat_syntax.discord(chat.discord(answer, **options)))
    message = shown(answer, options, parsed.text)
    small = tuple(("small", note) for note in message.notes)
    assert parsed.entities == (("bold", message.heading), ("pre", message.block), *small)


@given(named, kinds)
def test_a_commonmark_parser_finds_one_code_block_in_discord_s_content_and_no_link(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    content = chat.discord(answer, **options)
    tokens = MarkdownIt("commonmark", {"linkify": False}).parse(content)
    block = chat_syntax.discord(content).entities[1][1]
    assert [token.content for token in tokens if token.type == "fence"] == [block + "\n"]
    inline = {child.type for token in tokens for child in token.children or ()}
    assert inline <= {"text", "text_special", "softbreak", "strong_open", "strong_close"}


@given(named, kinds)
def test_discord_s_content_has_no_mention_left_to_escape(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    content = chat.discord(answer, **options)
    assert discord.utils.escape_mentions(content) == content


@given(named, kinds)
def test_discord_parses_the_embed_to_the_text_itself(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    embed = discord.Embed.from_dict(chat.discord_embed(answer, **options))
    title, description = (
        without_separators(chat_syntax.discord(text or "")) for text in (embed.title, embed.description)
    )
    message = shown(answer, options, f"{title.text}\n{description.text}\n{embed.footer.text}")
    assert (title, description.entities) == (Parsed(message.heading, ()), (("pre", message.block),))


@given(named, kinds)
def test_slack_parses_mrkdwn_to_the_text_itself(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    parsed = without_separators(chat_syntax.slack(chat.slack(answer, **options)))
    message = shown(answer, options, parsed.text)
    assert parsed.entities == (("bold", message.heading), ("pre", message.block))


@given(named, kinds)
def test_slack_s_blocks_have_literal_text_only(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    parsed = Block.parse_all(chat.slack_blocks(answer, **options))
    for block in parsed:
        block.validate_json()
    header, period, table, notes = parsed
    assert isinstance(header, HeaderBlock)
    assert isinstance(period, ContextBlock)
    assert isinstance(table, RichTextBlock)
    assert isinstance(notes, ContextBlock)
    literal = [each.to_dict() for each in (header.text, *period.elements, *notes.elements) if each]
    assert all(text["type"] == "plain_text" and text["emoji"] is False for text in literal)
    (preformatted,) = (element.to_dict() for element in table.elements)
    assert preformatted["type"] == "rich_text_preformatted"
    (text,) = preformatted["elements"]
    assert text.keys() == {"type", "text"}
    shown(answer, options, "\n".join(each["text"] for each in (literal[0], literal[1], text, literal[2])))


@given(st.characters(exclude_characters="*_~`"), st.sampled_from([daily, apps, sessions]))
@example("\n", daily)
@example("<", daily)
def test_an_instant_in_a_citation_may_have_any_separator(separator: str, make: Callable[[list[str]], Any]) -> None:
    answer = make(["heron"])
    answer = attrs.evolve(answer, meta=attrs.evolve(answer.meta, as_of=Timestamp(f"2026-03-05{separator}06:07:08")))
    visible = compose(answer).visible
    assert chat_syntax.telegram_html(chat.telegram_html(answer)).text == visible
    assert chat_syntax.telegram_markdown(chat.telegram_markdown(answer)).text == visible
    assert chat_syntax.discord(chat.discord(answer)).text == visible
    assert chat_syntax.slack(chat.slack(answer)).text == visible


def test_discord_s_marks_are_escaped_in_a_citation_too() -> None:
    answer = sessions(["heron"])
    answer = attrs.evolve(
        answer, meta=attrs.evolve(answer.meta, as_of=Timestamp("**x** __y__ `z` \\ ~~w~~ ||v|| [u](t)"))
    )
    assert chat_syntax.discord(chat.discord(answer)).text == compose(answer).visible


@given(named, kinds)
def test_plain_text_has_the_same_lines(texts: list[str], kind: str) -> None:
    answer, options = asked(kind, texts)
    message = compose(answer, **options)
    assert chat.plain(answer, **options).split("\n\n")[0] == f"{message.heading}\n{message.subtitle}"
    assert message.block in chat.plain(answer, **options)


def without_separators(parsed: Parsed) -> Parsed:
    """Without the zero-width spaces that take marks apart: a printable text has none of its own."""
    entities = ((kind, text.replace(ZERO_WIDTH_SPACE, "")) for kind, text in parsed.entities)
    return Parsed(parsed.text.replace(ZERO_WIDTH_SPACE, ""), tuple(entities))


def _discord_length(content: str) -> tuple[int, int]:
    return utf16_units(content), 2000


def _embed_length(embed: dict[str, Any]) -> tuple[int, int]:
    assert utf16_units(embed["title"]) <= 256
    assert utf16_units(embed["description"]) <= 4096
    assert utf16_units(embed["footer"]["text"]) <= 2048
    return len(discord.Embed.from_dict(embed)), 6000


def _html_length(text: str) -> tuple[int, int]:
    return utf16_units(chat_syntax.telegram_html(text).text), 4096


def _markdown_length(text: str) -> tuple[int, int]:
    return utf16_units(chat_syntax.telegram_markdown(text).text), 4096


def _slack_length(text: str) -> tuple[int, int]:
    return utf16_units(text), 4000


def _blocks_length(blocks: list[dict[str, Any]]) -> tuple[int, int]:
    header, period, table, notes = blocks
    assert utf16_units(header["text"]["text"]) <= 150
    assert all(utf16_units(context["elements"][0]["text"]) <= 2000 for context in (period, notes))
    return utf16_units(table["elements"][0]["elements"][0]["text"]), 3000


LENGTHS: dict[str, Callable[[Any], tuple[int, int]]] = {
    "discord": _discord_length,
    "discord_embed": _embed_length,
    "telegram_html": _html_length,
    "telegram_markdown": _markdown_length,
    "slack": _slack_length,
    "slack_blocks": _blocks_length,
}


def check_length(platform: str, answer: Answer, options: Options) -> None:
    length, limit = LENGTHS[platform](getattr(chat, platform)(answer, **options))
    assert length <= limit


@pytest.mark.parametrize("platform", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_message_of_many_rows_is_cut_within_the_limit(platform: str, kind: str) -> None:
    for name in ("heron", "千问/" + "模" * 60, "&" * 100, "a" + "\u0301" * 500):
        answer, options = asked(kind, [f"{number}{name}" for number in range(120)])
        check_length(platform, answer, options | Options(top=None, age=1e9, stale=True))


@pytest.mark.parametrize("platform", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_one_row_always_fits(platform: str, kind: str) -> None:
    for name in HOSTILE:
        answer, options = asked(kind, [name])
        filters = {"category": name, "sort": name}
        check_length(platform, answer, options | Options(filters=filters, age=1e12, stale=True, synthetic=True))


@pytest.mark.parametrize("platform", LENGTHS)
@pytest.mark.parametrize("top", [11, 57, 100])
def test_a_cut_message_says_how_many_more_rows_there_are(platform: str, top: int) -> None:
    answer, _ = asked("tasks", [f"heron-{number}" for number in range(2000)])
    text = str(getattr(chat, platform)(answer, top=top))
    rows = text.count("heron-")
    assert 0 < rows <= top
    assert f"and {2000 - rows:,} more" in text


@pytest.mark.parametrize("top", [100, 10_000, None])
def test_no_message_for_a_platform_has_more_than_100_rows(top: int | None) -> None:
    answer, _ = asked("tasks", ["x"] * 200)
    text = chat.telegram_html(answer, top=top)
    assert "100 40.1% x\nand 100 more</pre>" in text


@given(st.integers(1, 120), st.sampled_from(sorted(LENGTHS)))
@example(120, "slack")
def test_another_row_would_not_have_fitted(total: int, platform: str) -> None:
    answer, _ = asked("apps", [f"heron-{number}-with-a-longer-name" for number in range(total)])
    cut = getattr(chat, platform)(answer, top=None)
    rows = str(cut).count("heron-")
    if rows < min(total, 100):
        with_one_more = getattr(chat, platform)(answer, top=rows + 1)
        assert str(with_one_more).count("heron-") == rows


def test_the_length_is_counted_in_utf_16_code_units() -> None:
    assert [utf16_units(text) for text in ("abc", "é", "千", "😀")] == [3, 1, 1, 2]


@pytest.mark.parametrize(
    "source",
    ["<a href='x'>y</a>", "a < b", "<b>x", "<b><i>x</b></i>", "x</b>"],
)
def test_the_parser_of_telegram_s_html_refuses_what_the_server_does(source: str) -> None:
    with pytest.raises(ValueError, match="start tag|no end|ends"):
        chat_syntax.telegram_html(source)


@pytest.mark.parametrize("source", ["a.b", "*x", "*x\ny*", "```x y```", "```\nx`y```", "[x](y)", "`a```"])
def test_the_parser_of_telegram_s_markdown_refuses_what_the_server_does(source: str) -> None:
    with pytest.raises(ValueError, match="must be escaped|no end|language|within"):
        chat_syntax.telegram_markdown(source)


@pytest.mark.parametrize(
    "source", ["@everyone", "https://x", "<@1>", "# x", "- x", "a_b", "**x", "```\n`x``` ``` y", "```x\ny```"]
)
def test_the_parser_of_discord_s_markdown_refuses_what_would_be_formatted(source: str) -> None:
    with pytest.raises(ValueError, match="link|heading|escaped|no end|language"):
        chat_syntax.discord(source)


@pytest.mark.parametrize(
    "source", ["*h*\ns\n```<x>```\n", "*h*\ns\n```&x```\n", "*h*\ns\n```evil.example```\n", "*h*\n_s_\n```x```\n"]
)
def test_the_parser_of_slack_s_mrkdwn_refuses_what_would_be_formatted(source: str) -> None:
    with pytest.raises(ValueError, match="link|ampersand|formatted"):
        chat_syntax.slack(source)
