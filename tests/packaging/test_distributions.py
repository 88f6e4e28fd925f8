"""The wheel and the sdist: complete, and usable where there is no checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "openrouter_rankings"
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "benchmarks", "mutants")

EPOCH = "1767225600"

SMOKE = """
import asyncio, pathlib
import openrouter_rankings
from openrouter_rankings import AiohttpTransport, RankingsClient
from openrouter_rankings.testing import EmulatedAPI, serve

async def main():
    async with serve(EmulatedAPI()) as base_url, RankingsClient("key", base_url=base_url) as client:
        return await client.get_task_classifications()

package = pathlib.Path(openrouter_rankings.__file__).parent
print(package, package.joinpath("py.typed").exists(), len(asyncio.run(main()).classifications))
"""


def python(*arguments: str, **environment: str) -> str:
    run = subprocess.run(
        [sys.executable, *arguments], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def copied(to: Path) -> Path:
    """A copy of the project, so that a build leaves the checkout as it is."""
    shutil.copytree(ROOT, to, ignore=LEFT_OUT)
    for path in to.rglob("*"):
        # A checkout has the modes of its umask, and a wheel those of the files that it is built from.
        path.chmod(path.stat().st_mode & ~0o022)
    return to


def built(project: Path, *kinds: str) -> Path:
    """The folder of what was built from a project: the kinds given, or both."""
    command = ["-m", "build", "--no-isolation", *kinds, "--outdir", str(project / "dist"), str(project)]
    python(*command, SOURCE_DATE_EPOCH=EPOCH)
    return project / "dist"


def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both distributions."""
    return built(copied(tmp_path_factory.mktemp("source") / "project"))


def modules() -> set[str]:
    return {str(path.relative_to(ROOT)) for path in SOURCE.rglob("*.py")} | {"openrouter_rankings/py.typed"}


def test_the_wheel_holds_every_module_and_nothing_else(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == modules()


def test_the_sdist_holds_what_it_takes_to_test_it(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert modules() <= names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "setup.cfg", "pyproject.toml", "tox.ini", "conftest.py"} <= names
    assert {"CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", "docs/conf.py", "docs/tutorial.md"} <= names
    assert {"tests/test_client.py", "tests/support/answers.py", "tools/release.py", "examples/quickstart.py"} <= names


def test_a_wheel_built_again_elsewhere_and_later_has_the_same_bytes(dist: Path, tmp_path: Path) -> None:
    copy = copied(tmp_path / "other name")
    for path in copy.rglob("*.py"):
        os.utime(path, (2e9, 2e9))
    (first,) = dist.glob("*.whl")
    (second,) = built(copy, "--wheel").glob("*.whl")
    assert second.read_bytes() == first.read_bytes()


def test_the_metadata_has_the_licence_as_an_spdx_expression_and_addresses(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    found = metadata(wheel)
    assert found["License-Expression"] == "MIT"
    assert "Rankings at OpenRouter, https://openrouter.ai/rankings" in found.get_all("Project-URL", [])


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_a_distribution_works_where_there_is_no_checkout(dist: Path, kind: str, tmp_path: Path) -> None:
    (distribution,) = dist.glob(kind)
    target = tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    python("-m", "pip", "install", *options, str(distribution))
    smoke = tmp_path / "smoke.py"
    smoke.write_text(SMOKE)
    assert python(str(smoke), PYTHONPATH=str(target)).split() == [str(target / "openrouter_rankings"), "True", "29"]
