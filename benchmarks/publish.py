"""Publish the dashboard so that it needs no host but the one it lies on: ``python -m benchmarks.publish``.

The pages of `asv publish` load jQuery, Flot and Bootstrap from public servers, and stay empty where those are out of
reach. Here the same libraries come from the npm registry while the pages are made (``npm ci``: the versions and hashes
are those of ``dashboard/package-lock.json``), are put beside them in ``vendor``, and the pages load them from there.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

# What asv's page asks for, by the last part of the address, and where npm's package has it. Flot has no minified files.
LIBRARIES = {
    "jquery-3.3.1.min.js": "jquery/dist/jquery.min.js",
    "jquery.flot.min.js": "flot/jquery.flot.js",
    "jquery.flot.time.min.js": "flot/jquery.flot.time.js",
    "jquery.flot.selection.min.js": "flot/jquery.flot.selection.js",
    "jquery.flot.categories.min.js": "flot/jquery.flot.categories.js",
    "jquery.flot.orderBars.js": "flot-orderbars/js/jquery.flot.orderBars.js",
    "stupidtable.min.js": "stupid-table-plugin/stupidtable.min.js",
    "md5.min.js": "blueimp-md5/js/md5.min.js",
    "bootstrap.min.js": "bootstrap/dist/js/bootstrap.min.js",
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
}
BESIDE = ("bootstrap/dist/fonts",)  # what the libraries load themselves
MANIFESTS = ("package.json", "package-lock.json")

OUTSIDE = re.compile(r"^\s*(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
LOADING_TAG = re.compile(r'<(?P<name>script|link)\b[^>]*?\b(?:src|href)="(?P<address>[^"]*)"[^>]*>')
CSS_ADDRESS = re.compile(r"""(?:url\(\s*|@import\s+)['"]?(?P<address>[^'")\s;]+)""", re.IGNORECASE)


class PublishingError(Exception):
    """The dashboard cannot be made, or would need another host."""


def publish(config: Path, html: Path | None = None) -> Path:
    """Make the pages of all stored results and return their folder, by default the one the configuration names."""
    from asv.config import Config

    html = html or config.parent / Config.load(str(config)).html_dir
    finished = subprocess.run(
        [sys.executable, "-m", "asv", "publish", "--config", config.name, "--html-dir", str(html)], cwd=config.parent
    )
    if finished.returncode:
        raise PublishingError("asv publish failed")
    with tempfile.TemporaryDirectory(prefix="convoracle-npm-") as folder:
        bring_in(html, install_libraries(Path(folder)))
    outside = loaded_from_outside(html)
    if outside:
        raise PublishingError("the pages would still load " + ", ".join(outside))
    return html


def install_libraries(folder: Path) -> Path:
    """Fetch the locked packages into a folder and return where they lie; npm checks their hashes."""
    npm = shutil.which("npm")
    if npm is None:
        raise PublishingError("npm, which comes with Node.js, is needed to fetch the dashboard's JavaScript")
    for manifest in MANIFESTS:
        shutil.copy(Path(__file__).parent / "dashboard" / manifest, folder)
    finished = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if finished.returncode:
        raise PublishingError(f"npm could not fetch the dashboard's JavaScript:\n{finished.stderr}")
    return folder / "node_modules"


def bring_in(html: Path, packages: Path) -> None:
    """Put the libraries that the page loads from outside beside it, and make it load those."""

    def load_from_here(tag: re.Match[str]) -> str:
        address = tag["address"]
        if not OUTSIDE.match(address):
            return tag[0]
        source = LIBRARIES.get(address.rpartition("/")[2])
        if source is None:
            raise PublishingError(f"asv's page loads {address}: LIBRARIES in {__file__} does not say where npm has it")
        copy = html / "vendor" / source
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(packages / source, copy)
        if tag["name"] == "link":
            return f'<link rel="stylesheet" href="vendor/{source}">'
        return f'<script src="vendor/{source}" onerror="js_load_failure()">'

    page = html / "index.html"
    page.write_text(LOADING_TAG.sub(load_from_here, page.read_text(encoding="utf-8")), encoding="utf-8")
    for source in BESIDE:
        shutil.copytree(packages / source, html / "vendor" / source, dirs_exist_ok=True)


def loaded_from_outside(html: Path) -> list[str]:
    """Return the addresses on other hosts that the pages and style sheets in a folder load. Links are not loaded."""
    found: list[str] = []
    for page in sorted(html.rglob("*.html")):
        parser = _LoadedAddresses()
        parser.feed(page.read_text(encoding="utf-8"))
        found += parser.addresses
    for sheet in sorted(html.rglob("*.css")):
        found += [match["address"] for match in CSS_ADDRESS.finditer(sheet.read_text(encoding="utf-8"))]
    return [address for address in found if OUTSIDE.match(address)]


class _LoadedAddresses(HTMLParser):
    """The addresses that a browser loads on its own: all but those of anchors."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            self.addresses += [value for name, value in attrs if name in ("src", "href", "data", "action") and value]


def main() -> None:
    """Publish, and say where."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.publish", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("asv.conf.json"), help="default: asv.conf.json")
    parser.add_argument("--html-dir", type=Path, help="default: the html_dir of the configuration")
    arguments = parser.parse_args()
    try:
        html = publish(arguments.config.resolve(), arguments.html_dir and arguments.html_dir.resolve())
    except PublishingError as error:
        sys.exit(f"error: {error}")
    print(f"The dashboard is in {html}: put it on any web server, or look at it with `asv preview`.")


if __name__ == "__main__":
    main()
