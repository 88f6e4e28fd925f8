"""What a chat platform makes of a message: its visible text, and which parts of it are formatted.

Telegram's parsers follow its server (TDLib, ``MessageEntity.cpp``), Discord's its client, which looks for code blocks
first, and Slack's its documentation. They are strict: what a platform would reject is a ``ValueError``, and so is what
it would format, link or mention beyond the few marks that the messages use.
"""

import re
from html import unescape

import attrs

ZERO_WIDTH_SPACE = "\u200b"


@attrs.frozen
class Parsed:
    """A message as it is shown.

    Attributes:
        text: the visible text.
        entities: what is formatted: its kind, and the text that it covers.
    """

    text: str
    entities: tuple[tuple[str, str], ...]


@attrs.define
class _Reader:
    text: str = ""
    entities: list[tuple[str, str]] = attrs.field(factory=list[tuple[str, str]])
    opened: list[tuple[str, int]] = attrs.field(factory=list[tuple[str, int]])

    def open(self, kind: str) -> None:
        self.opened.append((kind, len(self.text)))

    def close(self, kind: str | None) -> None:
        if not self.opened or self.opened[-1][0] != kind:
            raise ValueError(f"{kind} ends, and is not the last that began")
        kind, start = self.opened.pop()
        self.entities.append((kind, self.text[start:]))

    @property
    def innermost(self) -> str | None:
        return self.opened[-1][0] if self.opened else None

    def parsed(self) -> Parsed:
        if self.opened:
            raise ValueError(f"{self.opened[-1][0]} has no end")
        return Parsed(self.text, tuple(self.entities))


_TAGS = {"b": "bold", "i": "italic", "u": "underline", "s": "strikethrough", "code": "code", "pre": "pre"}


def telegram_html(source: str) -> Parsed:
    """Telegram's HTML: known tags, and four named entities; any other ``<`` is an error."""
    reader = _Reader()
    tags = r"<(/?)(b|i|u|s|code|pre)>|&(?:lt|gt|amp|quot|#\d+|#x[\da-fA-F]+);|."
    for piece in re.finditer(tags, source, re.DOTALL):
        if piece[2]:
            (reader.close if piece[1] else reader.open)(_TAGS[piece[2]])
        elif piece[0] == "<":
            raise ValueError(f"unsupported start tag at {source[piece.start() :]!r}")
        else:
            reader.text += unescape(piece[0]) if len(piece[0]) > 1 else piece[0]
    return reader.parsed()


_PAIRED = {
    "*": "bold",
    "_": "italic",
    "__": "underline",
    "~": "strikethrough",
    "||": "spoiler",
    "`": "code",
    "```": "pre",
}


def telegram_markdown(source: str) -> Parsed:
    """Telegram's MarkdownV2 without links, custom emoji and quotations, whose marks are errors here."""
    reader = _Reader()
    marks = re.compile(r"\\([\x01-\x7e])|```|__|\|\||.", re.DOTALL)
    place = 0
    while piece := marks.match(source, place):
        place = piece.end()
        kind = _PAIRED.get(piece[0])
        if piece[1]:
            reader.text += piece[1]
        elif reader.innermost in {"pre", "code"}:
            if kind == reader.innermost:
                reader.close(kind)
            elif "`" in piece[0]:
                raise ValueError(f"{piece[0]!r} within {reader.innermost}")
            else:
                reader.text += piece[0]
        elif kind is not None:
            (reader.close if kind == reader.innermost else reader.open)(kind)
            place = _after_language(source, place) if kind == "pre" else place
        elif piece[0] in "[]()>#+-=|{}.!" or (piece[0] == "\n" and reader.opened):
            raise ValueError(f"{piece[0]!r} must be escaped")
        else:
            reader.text += piece[0]
    return reader.parsed()


def _after_language(source: str, place: int) -> int:
    """Where the text of a block begins: after one newline; a word before it would be the language."""
    if not source.startswith("\n", place):
        raise ValueError("the block may have a language")
    return place + 1


def discord(source: str) -> Parsed:
    """Discord's Markdown: code blocks first, then escapes, bold, and small print at the start of a line."""
    reader = _Reader()
    end = 0
    for block in re.finditer(r"(?s)```(?:([a-zA-Z0-9_+\-.#]+?)\n)?\n*([^\n].*?)\n*```", source):
        if block[1]:
            raise ValueError(f"the block has a language: {block[1]!r}")
        _discord_prose(reader, source[end : block.start()])
        reader.open("pre")
        reader.text += block[2]
        reader.close("pre")
        end = block.end()
    _discord_prose(reader, source[end:])
    return reader.parsed()


_DISCORD_LINKS = re.compile(r"https?://|@(?:everyone|here)|<(?:@|#|/|:|a:|t:|id:)")
_DISCORD_LINES = re.compile(r"#{1,3} |>{1,3} |[*-] |\d+\. ")


def _discord_prose(reader: _Reader, source: str) -> None:
    if _DISCORD_LINKS.search(source):
        raise ValueError(f"a link or mention in {source!r}")
    for index, line in enumerate(source.split("\n")):
        reader.text += "\n" if index else ""
        small = line.startswith("-# ")
        if _DISCORD_LINES.match(line):
            raise ValueError(f"a heading, list or quotation: {line!r}")
        if small:
            reader.open("small")
        _discord_line(reader, line[3:] if small else line)
        if small:
            reader.close("small")


def _discord_line(reader: _Reader, line: str) -> None:
    for piece in re.finditer(r"\\([^0-9A-Za-z\s])|\*\*|.", line):
        if piece[1]:
            reader.text += piece[1]
        elif piece[0] == "**":
            (reader.close if reader.innermost == "bold" else reader.open)("bold")
        elif piece[0] in "*_~`|<>":
            raise ValueError(f"{piece[0]!r} is not escaped in {line!r}")
        else:
            reader.text += piece[0]


_SLACK_LINKS = re.compile(r"://|\w@\w|\w\.[^\W\d]")


def slack(source: str) -> Parsed:
    """Slack's mrkdwn: a code block, a first line in bold, three entities, and links even within the block."""
    if "<" in source or ">" in source:
        raise ValueError("a link, mention or date")
    if re.search(r"&(?!(?:lt|gt|amp);)", source):
        raise ValueError("an ampersand that is not escaped")
    before, block, after = source.split("```")
    block = _slack_unescaped(block.removeprefix("\n").removesuffix("\n"))
    if _SLACK_LINKS.search(block):
        raise ValueError(f"a link in {block!r}")
    heading, rest = before.split("\n", 1)
    bold = heading[1:-1]
    if heading != f"*{bold}*" or re.search(r"[*_~`]", bold + rest + after):
        raise ValueError("formatted")
    text = f"{_slack_unescaped(bold)}\n{_slack_unescaped(rest)}{block}{_slack_unescaped(after)}"
    return Parsed(text, (("bold", _slack_unescaped(bold)), ("pre", block)))


def _slack_unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
