"""Fetch the front-end files into static/vendor/, as static/vendor/vendored.json lists them.

    python -m leadfunnel.vendoring                      # fetch again what is listed
    python -m leadfunnel.vendoring htmx.org=2.0.12      # another version; templates name files with their version

Needs npm; the program itself does not. Nothing is built: files are copied, apart from the four small
changes below, each made so that a strict Content-Security-Policy or a static manifest has nothing to refuse.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import NotRequired, TypedDict

VENDOR_DIR = Path(__file__).resolve().parent.parent / "static" / "vendor"
LIST_FILE = VENDOR_DIR / "vendored.json"
# Latin Extended-A, the Romanian letters with a comma below, and ß as a capital; static/css/variables.css says the same.
EUROPEAN = (*range(0x0100, 0x0180), *range(0x0218, 0x021C), 0x1E9E)


class Vendored(TypedDict):
    """One file of static/vendor/: where it comes from and what it must be."""

    name: str
    version: str
    licence: str
    source: str
    file: str
    change: str
    sha256: str
    icons: NotRequired[list[str]]


def read_list() -> list[Vendored]:
    entries: list[Vendored] = json.loads(LIST_FILE.read_text())["files"]
    return entries


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def as_it_is(package: Path, entry: Vendored) -> bytes:
    return (package / entry["source"]).read_bytes()


def without_source_map(package: Path, entry: Vendored) -> bytes:
    """The manifest storage looks for the map that the last line names, and fails; we do not ship it."""
    text = (package / entry["source"]).read_text()
    return re.sub(r"\n(//# |/\*# )sourceMappingURL=.*$", "\n", text.rstrip()).encode()


def plotly_styles(package: Path, entry: Vendored) -> bytes:
    """The rules that plotly.js would put into a <style> of its own, which style-src 'self' refuses.

    plotly.js inserts each rule in front of the others, so the order here is the reverse of its list.
    """
    script = (package / entry["source"]).read_text()
    found = re.search(r'\{("X,X div":.*?)\};', script, re.DOTALL)
    if found is None:
        raise SystemExit(
            f"{entry['source']} no longer lists its styles from 'X,X div' on: look at src/css/plotcss.js"
        )
    # The minifier leaves the quotes off where a key needs none.
    pair = re.compile(
        r'(?P<q>["\']?)(?P<selector>.*?)(?P=q):(?P<r>["\'])(?P<rules>.*?)(?P=r)(?:,|$)', re.DOTALL
    )
    rules = [
        re.sub(r"^,", " ,", match["selector"])
        .replace("X", ".js-plotly-plot .plotly")
        .replace("Y", ".plotly-notifier")
        + "{"
        + match["rules"]
        + "}"
        for match in pair.finditer(found[1])
    ]
    return ("\n".join(reversed(rules)) + "\n").encode()


def icon_sprite(package: Path, entry: Vendored) -> bytes:
    symbols = []
    for name in sorted(entry["icons"]):
        svg = (package / entry["source"] / f"{name}.svg").read_text()
        shapes = re.findall(r"<(?:path|circle|rect|line|polyline|ellipse)\b[^>]*/>", svg)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{"".join(shapes)}</symbol>'
        )
    return ('<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n").encode()


def european_letters(package: Path, entry: Vendored) -> bytes:
    """Of a font that has the letters of half the world, those of EUROPEAN: a sixth of its size."""
    try:
        subset = import_module("fontTools.subset")
    except ImportError:
        raise SystemExit(
            f"{entry['file']} is part of a font: pip install fonttools brotli, then try again."
        ) from None
    options = subset.Options()
    options.flavor = "woff2"
    font = subset.load_font(str(package / entry["source"]), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=EUROPEAN)
    subsetter.subset(font)
    written = BytesIO()
    subset.save_font(font, written, options)
    return written.getvalue()


CHANGES: dict[str, Callable[[Path, Vendored], bytes]] = {
    "none": as_it_is,
    "source map line removed": without_source_map,
    "styles extracted": plotly_styles,
    "sprite of the icons in use": icon_sprite,
    "letters of Europe": european_letters,
}


def fetch(name: str, version: str, into: Path) -> Path:
    """Download and unpack one package of the npm registry; the folder it is in."""
    folder = into / name.replace("/", "-")
    folder.mkdir()
    subprocess.run(
        ["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def keep_licence(package: Path, name: str) -> None:
    licence = package / "LICENSE"
    if licence.exists():  # @tabler/core has it as a comment at the head of its files
        target = VENDOR_DIR / "licences" / f"{name.lstrip('@').replace('/', '-')}.txt"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(licence.read_bytes())


def update(entries: list[Vendored], versions: dict[str, str]) -> None:
    """Write each listed file anew, with the versions given or as listed, and its digest into the list."""
    with tempfile.TemporaryDirectory() as scratch:
        packages: dict[str, Path] = {}
        for entry in entries:
            name, version = entry["name"], versions.get(entry["name"], entry["version"])
            if name not in packages:
                packages[name] = fetch(name, version, Path(scratch))
            (VENDOR_DIR / entry["file"]).unlink(missing_ok=True)
            entry["file"] = entry["file"].replace(entry["version"], version)
            entry["version"] = version
            target = VENDOR_DIR / entry["file"]
            target.write_bytes(CHANGES[entry["change"]](packages[name], entry))
            entry["sha256"] = digest(target)
            keep_licence(packages[name], name)
            print(f"{entry['file']}: {target.stat().st_size:,} bytes")
    LIST_FILE.write_text(json.dumps({"files": entries}, indent=2) + "\n")


def main(arguments: list[str]) -> None:
    entries = read_list()
    versions = dict(argument.split("=", 1) for argument in arguments)
    unknown = versions.keys() - {entry["name"] for entry in entries}
    if unknown:
        raise SystemExit(f"Not vendored: {', '.join(sorted(unknown))}. {LIST_FILE} lists what is.")
    update(entries, versions)


if __name__ == "__main__":
    main(sys.argv[1:])
