"""The wheel and the sdist: complete, and usable where there is no checkout."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "openrouter_rankings"
LEFT_OUT = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "benchmarks", "mutants")

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


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both distributions, built from a copy so that the checkout stays as it is."""
    copy = tmp_path_factory.mktemp("source") / "project"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    python("-m", "build", "--no-isolation", "--outdir", str(copy / "dist"), str(copy))
    return copy / "dist"


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
    assert {"tests/test_client.py", "examples/quickstart.py"} <= names


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_a_distribution_works_where_there_is_no_checkout(dist: Path, kind: str, tmp_path: Path) -> None:
    (distribution,) = dist.glob(kind)
    target = tmp_path / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", str(target)]
    python("-m", "pip", "install", *options, str(distribution))
    smoke = tmp_path / "smoke.py"
    smoke.write_text(SMOKE)
    assert python(str(smoke), PYTHONPATH=str(target)).split() == [str(target / "openrouter_rankings"), "True", "29"]
