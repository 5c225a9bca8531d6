"""The published dashboard draws its graphs in a browser that reaches no host but the one that serves it."""

import functools
import http.server
import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest

ASV_PAGE = Path(importlib.import_module("asv").__file__ or "").parent / "www" / "index.html"

# A suite in miniature, whose numbers are given: what is tested is the way from stored results to a picture.
SUITE = """
import os

class Conv2d:
    params = (["resnet50 3x3 64@56"], ["im2col", "direct"])
    param_names = ("layer", "backend")
    unit = "ns/MAC"

    def track_conv2d(self, layer, backend):
        return {"im2col": 2.0, "direct": 0.5}[backend] * float(os.environ["SLOWNESS"])
"""
SLOWNESS = ("4", "3", "1")  # commit by commit
NAME = "bench_conv2d.Conv2d.track_conv2d"


@pytest.fixture
def publisher(suite: Path) -> ModuleType:
    return importlib.import_module("benchmarks.publish")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """The asv configuration of a repository of three commits with stored results, written by asv itself."""
    environment = {**os.environ, "HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}

    def run(*command: str, **extra: str) -> str:
        finished = subprocess.run(
            command, cwd=tmp_path, env={**environment, **extra}, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout.strip()

    config = tmp_path / "asv.conf.json"
    config.write_text(
        json.dumps(
            {
                "version": 1,
                "project": "miniature",
                "project_url": "http://localhost/",
                "repo": ".",
                "branches": ["main"],
                "environment_type": "existing",
                "benchmark_dir": "benchmarks",
            }
        )
    )
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    (tmp_path / "benchmarks" / "bench_conv2d.py").write_text(SUITE)
    run("git", "init", "--quiet", "--initial-branch=main")
    run("git", "config", "user.name", "nobody")
    run("git", "config", "user.email", "nobody@localhost")
    asv = (sys.executable, "-m", "asv")
    run(*asv, "machine", "--yes")
    for day, slowness in enumerate(SLOWNESS, start=1):
        date = f"2026-01-{day:02}T12:00:00+0000"
        run(
            *("git", "commit", "--quiet", "--allow-empty", f"--message={slowness}"),
            GIT_AUTHOR_DATE=date,
            GIT_COMMITTER_DATE=date,
        )
        commit = run("git", "rev-parse", "HEAD")
        run(*asv, "run", "--quick", "--python=same", f"--set-commit-hash={commit}", SLOWNESS=slowness)
    return config


class _Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing: the browser's own log is read."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which a browser finds it."""
    folder = tmp_path / "published"
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def cannot_run(reason: str) -> NoReturn:
    """Skip, or fail where every test has to run."""
    if os.environ.get("CONVORACLE_NO_SKIPS"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """Chromium without a window, which can look up no host at all and records what it loads and what it says."""
    from selenium import webdriver

    driver = shutil.which("chromedriver", path=os.pathsep.join([os.environ["PATH"], os.getenv("CHROMEWEBDRIVER", "")]))
    if driver is None or shutil.which("npm") is None:
        cannot_run(
            "the dashboard's test needs Chromium, ChromeDriver and npm: apt install chromium chromium-driver npm,"
            " or their like"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("google-chrome") or ""
    for argument in (
        *("headless", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "no-first-run", "window-size=1400,900"),
        *("disable-background-networking", "disable-component-update", "disable-sync", "disable-quic"),
        f"user-data-dir={tmp_path / 'profile'}",
        "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chromium = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chromium
    chromium.quit()


# How many series a plot of Flot's holds, and how many pixels of its canvas have the colour of the first.
DRAWN = """
const plot = $(arguments[0]).data("plot");
if (!plot || !plot.getData().length) return null;
const canvas = plot.getCanvas(), [first] = plot.getData();
const pen = document.createElement("canvas").getContext("2d");
pen.fillStyle = first.color;
pen.fillRect(0, 0, 1, 1);
const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
let coloured = 0;
for (let i = 0; i < pixels.length; i += 4)
  coloured += pixels[i] === red && pixels[i + 1] === green && pixels[i + 2] === blue && pixels[i + 3] > 0;
return {coloured, series: plot.getData().map(series => series.data.map(point => point[1]))};
"""


def wait_for(browser: Any, script: str, *arguments: Any) -> Any:
    """Return what a script returns as soon as it is true."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 10, 0.05).until(lambda page: page.execute_script(script, *arguments))


def loaded_addresses(browser: Any, address: str) -> tuple[list[str], list[str]]:
    """Return what the pages of an address have asked for so far, and what of it they did not get."""
    asked: dict[str, str] = {}
    failed = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        method, parameters = message["method"], message["params"]
        identity = parameters.get("requestId")
        if method == "Network.requestWillBeSent" and parameters["documentURL"].startswith(address):
            asked[identity] = parameters["request"]["url"]
        is_refused = parameters.get("response", {}).get("status", 0) >= 400
        if identity in asked and (method == "Network.loadingFailed" or is_refused):
            failed.append(asked[identity])
    return list(asked.values()), failed


def test_a_browser_draws_the_published_graphs(
    publisher: ModuleType, browser: Any, history: Path, served: tuple[Path, str]
) -> None:
    html, address = served
    publisher.publish(history, html)
    assert (html / "vendor/flot/jquery.flot.js").is_file()

    browser.get(address)
    overview = wait_for(browser, DRAWN, f"[id='summarygrid-{NAME}']")
    assert overview["coloured"] > 20
    assert [len(series) for series in overview["series"]] == [len(SLOWNESS)]

    browser.get(f"{address}/#{NAME}")
    graph = wait_for(browser, DRAWN, "#main-graph")
    assert graph["coloured"] > 100
    assert sorted(graph["series"]) == [[2.0, 1.5, 0.5], [8.0, 6.0, 2.0]]
    assert browser.find_element("css selector", "#graphdisplay-navigation").text.count("resnet50 3x3 64@56") == 1

    browser.get(f"{address}/#summarylist")
    assert wait_for(browser, "return $('#summarylist-body td').text()").count("ns/MAC") >= 1

    asked, failed = loaded_addresses(browser, address)
    assert f"{address}/vendor/jquery/dist/jquery.min.js" in asked
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(address).netloc}
    assert failed == []
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []


def test_every_library_of_the_page_is_known(publisher: ModuleType, tmp_path: Path) -> None:
    html, packages = tmp_path / "html", tmp_path / "packages"
    html.mkdir()
    shutil.copy(ASV_PAGE, html)
    assert len(publisher.loaded_from_outside(html)) == len(publisher.LIBRARIES)
    for source in (*publisher.LIBRARIES.values(), *(f"{folder}/file" for folder in publisher.BESIDE)):
        (packages / source).parent.mkdir(parents=True, exist_ok=True)
        (packages / source).touch()
    publisher.bring_in(html, packages)
    assert publisher.loaded_from_outside(html) == []
    assert all((html / "vendor" / source).is_file() for source in publisher.LIBRARIES.values())


@pytest.mark.parametrize(
    ("name", "text", "addresses"),
    [
        ("page.html", '<script src="https://host/a.js"></script>', ["https://host/a.js"]),
        ("page.html", '<img src="//host/a.png">', ["//host/a.png"]),
        ("page.html", '<a href="https://host/">a link</a> <img src="a.png"> <script>"//host"</script>', []),
        ("sheet.css", "@import '//host/b'; p { background: url( //host/c) }", ["//host/b", "//host/c"]),
        ("sheet.css", "@font-face { src: url('../fonts/a.woff'), url(data:font/woff;base64,//8A) }", []),
    ],
)  # fmt: skip
def test_what_is_loaded_from_outside_is_noticed(
    publisher: ModuleType, tmp_path: Path, name: str, text: str, addresses: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    assert publisher.loaded_from_outside(tmp_path) == addresses


def test_an_unknown_library_is_an_error(publisher: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<script src="https://host/new.js"></script>')
    with pytest.raises(publisher.PublishingError, match=r"asv's page loads https://host/new\.js"):
        publisher.bring_in(tmp_path, tmp_path)


def test_the_lock_pins_what_is_taken_and_names_no_registry(publisher: ModuleType, suite: Path) -> None:
    text = (suite / "dashboard" / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    wanted = json.loads((suite / "dashboard" / "package.json").read_text())["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert {source.partition("/")[0] for source in publisher.LIBRARIES.values()} == set(wanted)
    assert packages.keys() == {f"node_modules/{name}" for name in wanted}
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert "://" not in text
