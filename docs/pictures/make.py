"""The pictures of the README: what the real commands show of a run on the offline endpoint."""

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

HERE = Path(__file__).parent
ANSWERS = HERE.parents[1] / "examples" / "answers.jsonl"
CLAIR = [sys.executable, "-m", "clair_cli"]
CHROMIUM = "/usr/bin/chromium"
COLUMNS = 88
PAGE = (1200, 1745)  # CSS pixels; down to the end of the first pair
THEME = TerminalTheme(
    background=(30, 30, 30),
    foreground=(220, 220, 220),
    normal=[(0, 0, 0), (255, 110, 110), (120, 220, 130), *[(150, 150, 150)] * 5],
    bright=[*[(120, 170, 220)] * 8],
)
SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-size: {char_height}px; line-height: {line_height}px }}
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, monospace }}
.{unique_id}-title {{ font: bold 18px sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""What rich exports, without the fonts that it would load from the network."""


def main() -> None:
    """Make both pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_run(folder)
        draw_diff(folder)
        draw_report(folder)
    for picture in sorted(HERE.glob("*.[sp][vn]g")):
        print(f"{picture.name}: {picture.stat().st_size:,} bytes")


def make_run(folder: Path) -> None:
    """Revise the answers that every font can show; four of the revisions are far from minimal."""
    lines = ANSWERS.read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "answers.jsonl").write_text("".join(filter(str.isascii, lines)))
    with endpoint("--fault", "over-edit=0.3", "--seed", "5") as url:
        clair(folder, "revise", "answers.jsonl", "-m", "mock", "--base-url", url, "--quiet")


@contextmanager
def endpoint(*options: str) -> Iterator[str]:
    """The address of the offline endpoint, while it serves."""
    command = [*CLAIR, "mock", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr
            yield server.stderr.readline().split()[1]
        finally:
            server.terminate()


def clair(folder: Path, *arguments: str) -> str:
    """What a command prints."""
    env = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)}
    command = [*CLAIR, *arguments]
    return subprocess.run(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def draw_diff(folder: Path) -> None:
    """Draw the first pair as the terminal shows it."""
    command = ["show", "answers.clair", "--number", "1"]
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(clair(folder, *command)))
    title = f"clair {' '.join(command)}"
    svg = console.export_svg(title=title, theme=THEME, code_format=SVG, unique_id="diff")
    (HERE / "diff.svg").write_text(svg, encoding="utf-8")


def draw_report(folder: Path) -> None:
    """Draw the top of the page, in few enough colours for a small file."""
    clair(folder, "report", "answers.clair")
    picture = HERE / "report.png"
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=5000"]
    size = f"--window-size={PAGE[0]},{PAGE[1]}"
    page = (folder / "report.html").as_uri()
    subprocess.run(
        [CHROMIUM, *options, size, f"--screenshot={picture}", page],
        check=True,
        timeout=60,
        stderr=subprocess.DEVNULL,
    )
    Image.open(picture).convert("RGB").quantize(128, Image.Quantize.MAXCOVERAGE).save(
        picture, optimize=True
    )


if __name__ == "__main__":
    main()
