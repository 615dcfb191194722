"""An offline OpenAI-compatible endpoint whose reviser is a rule-based copy editor."""

from clair_cli.mock.copyeditor import Edited, edit
from clair_cli.mock.manners import Manners
from clair_cli.mock.outage import Outage
from clair_cli.mock.server import MODEL, MockServer, make_app

__all__ = ["MODEL", "Edited", "Manners", "MockServer", "Outage", "edit", "make_app"]
