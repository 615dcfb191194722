"""The templates that ship with clair, and those in files of the user's own."""

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from clair_cli.prompts.template import Template
from clair_cli.records import UsageError


def load_template(name: str) -> Template:
    """The template called `name`, or the one in the file of that path.

    Raises:
        UsageError: There is neither, or it is no valid template.
    """
    shipped = {t.name.removesuffix(".toml"): t for t in _shipped()}
    if name in shipped:
        return Template(name, shipped[name].read_text(encoding="utf-8"), f"prompts/{name}.toml")
    path = Path(name)
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise UsageError(f"{name}, line {line}: is not UTF-8; save it as UTF-8") from exc
    except (OSError, ValueError) as exc:
        raise UsageError(
            f"--prompt {name}: neither a template of clair ({', '.join(sorted(shipped))}) "
            "nor a readable file"
        ) from exc
    return Template(path.stem, text, name)


def template_names() -> list[str]:
    """The names of the templates that ship with clair, sorted."""
    return sorted(t.name.removesuffix(".toml") for t in _shipped())


def _shipped() -> list[Traversable]:
    """The template files: inside the wheel, or at the top of a source tree."""
    package = resources.files("clair_cli")
    inside = package / "_prompts"
    folder = inside if inside.is_dir() else Path(str(package)).parent / "prompts"
    return [file for file in folder.iterdir() if file.name.endswith(".toml")]
