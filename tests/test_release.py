"""What a release changes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from release import ReleaseError, close_section, main, with_cited_version, with_links, with_version

ROOT = Path(__file__).parents[1]
CHANGED = ("openrouter_rankings/__init__.py", "CHANGELOG.md", "CITATION.cff", "README.md", "setup.cfg")
DAY = date(2026, 12, 1)
CHANGELOG = "# Changelog\n\nText. Nothing has been released yet.\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files that a release changes."""
    for name in CHANGED:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def test_a_release_sets_the_version_and_closes_the_section_of_the_changelog(project: Path) -> None:
    main(["version", "7.8.9"], project)
    today = datetime.now(UTC).date()
    assert '\n__version__ = "7.8.9"\n' in (project / CHANGED[0]).read_text(encoding="utf-8")
    assert re.search(rf"## \[Unreleased\]\n\n## \[7\.8\.9\] - {today}\n", (project / "CHANGELOG.md").read_text("utf-8"))
    assert f"\nversion: 7.8.9\ndate-released: {today}\n" in (project / "CITATION.cff").read_text(encoding="utf-8")


def test_links_of_readme_and_metadata_lead_to_the_repository(project: Path) -> None:
    main(["links", "https://host.example/project/"], project)
    readme = (project / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", readme) if not link.startswith("#")]
    assert links
    assert all(link.startswith("https://") for link in links)
    assert "    Source = https://host.example/project\n" in (project / "setup.cfg").read_text(encoding="utf-8")


def test_a_picture_is_linked_as_it_is_and_a_page_as_a_page() -> None:
    text = "![A chart](docs/a.png) and [a page](docs/a.md#part), [here](#here), [there](https://there.example)"
    assert with_links(text, "https://h.example/p", "1.0.0") == (
        "![A chart](https://h.example/p/raw/v1.0.0/docs/a.png) and "
        "[a page](https://h.example/p/blob/v1.0.0/docs/a.md#part), [here](#here), [there](https://there.example)"
    )


def test_a_second_release_has_a_section_of_its_own() -> None:
    first = close_section(CHANGELOG, "0.1.0", DAY)
    assert "Nothing has been released" not in first
    second = close_section(first.replace("[Unreleased]\n", "[Unreleased]\n\n- Another.\n"), "0.2.0", DAY)
    assert re.findall(r"^## (.*)$", second, re.MULTILINE) == [
        "[Unreleased]",
        "[0.2.0] - 2026-12-01",
        "[0.1.0] - 2026-12-01",
    ]


def test_a_citation_has_the_day_of_the_last_release_only() -> None:
    once = with_cited_version("version: 0.1.0\nlicense: MIT\n", "0.2.0", DAY)
    assert with_cited_version(once, "0.3.0", DAY) == "version: 0.3.0\ndate-released: 2026-12-01\nlicense: MIT\n"


@pytest.mark.parametrize(
    ("changelog", "reason"),
    [
        ("# Changelog\n", "no section"),
        (CHANGELOG + "\n## [0.2.0] - 2026-11-01\n", "already"),
        ("## [Unreleased]\n\n## [0.1.0]\n", "is empty"),
    ],
)
def test_a_changelog_that_cannot_be_closed_is_refused(changelog: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason):
        close_section(changelog, "0.2.0", DAY)


@pytest.mark.parametrize(
    ("module", "version", "reason"),
    [
        ('__version__ = "0.3.0"\n', "0.2.9", "before"),
        ('__version__ = "0.3.0"\n', "0.4", "not a version"),
        ("", "0.4.0", "no __version__"),
    ],
)
def test_a_version_that_cannot_follow_is_refused(module: str, version: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason):
        with_version(module, version)


def test_a_refused_release_changes_no_file(project: Path) -> None:
    (project / "CHANGELOG.md").write_text("# Changelog\n", encoding="utf-8")
    before = (project / CHANGED[0]).read_text(encoding="utf-8")
    with pytest.raises(ReleaseError):
        main(["version", "7.8.9"], project)
    assert (project / CHANGED[0]).read_text(encoding="utf-8") == before
