"""Templates, and the requests that are made with them: Row + Template -> Request.

A template is a TOML file: `description`, `use`, `source`, `licence`, `direction` (improve or
worsen), `reply` (sections or json), `[markers]` with the names that the reply's two parts go by,
and `[[messages]]` whose `content` is rendered by jinja2 with `prompt`, `response` and `aspect`.
Rendering is sandboxed and strict, and happens once: text from a row is data, whatever braces it
holds.
"""

from clair_cli.prompts.asking import ADVICE, Asker
from clair_cli.prompts.rendering import transcript
from clair_cli.prompts.shipped import load_template, template_names
from clair_cli.prompts.structured import response_format
from clair_cli.prompts.template import KEYS, Markers, Template

__all__ = [
    "ADVICE",
    "KEYS",
    "Asker",
    "Markers",
    "Template",
    "load_template",
    "response_format",
    "template_names",
    "transcript",
]
