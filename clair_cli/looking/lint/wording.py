"""What an answer says that it should not: markers left in it, and allusions to its revision."""

from clair_cli.contrast.checks import check
from clair_cli.looking.lint.findings import Tell
from clair_cli.looking.lint.texts import TrlText, answer_text, plain_text
from clair_cli.records import Row
from clair_cli.replies.leftovers import leftover
from clair_cli.replies.marker_names import Names

REASONING = ("teacher_reasoning",)
REVISION = ("corrected_student_solution", "worsened_student_solution")
"""The markers of the paper's template and of the shipped ones."""

_HINTS = ("<", "[", "`", "~~~", "｜", "student", "teacher", "corrected", "worsened", "{task")
"""What everything that can be left in a text has one of: a quick look before the slow patterns."""

_LEFT = {"marker_left": "marker_left", "ambiguous": "thinking_left", "truncated": "cut_off"}


class Wording:
    """Looks at the texts of a row; what the other side or the prompt says as well is content."""

    def __init__(self) -> None:
        self._names = Names(REASONING, REVISION)

    def pair(self, prompt: TrlText, chosen: TrlText, rejected: TrlText, tell: Tell) -> None:
        """Tell what is wrong with a pair; either side may be the revision."""
        task, good, bad = plain_text(prompt), answer_text(chosen), answer_text(rejected)
        self._markers(task, good, bad, tell)
        self._markers(task, bad, good, tell, worse=True)
        problem = check(_row(task, bad), good)
        if problem and problem.reason in {"refused", "alludes", "echo"}:
            tell(problem.reason, "" if problem.reason == "echo" else _quoted(problem.detail))
        problem = check(_row(task, good), bad)
        if problem and problem.reason == "alludes":
            tell("alludes", _quoted(problem.detail))

    def labelled(self, prompt: TrlText, completion: TrlText, tell: Tell) -> None:
        """Tell what is wrong with a labelled answer, for which there is nothing to compare."""
        task, text = plain_text(prompt), answer_text(completion)
        self._markers(task, text, "", tell, worse=True)
        problem = check(_row(task, ""), text)
        if problem and problem.reason == "alludes":
            tell("alludes", _quoted(problem.detail))

    def _markers(
        self, task: str, text: str, other: str, tell: Tell, *, worse: bool = False
    ) -> None:
        """Markers of any side; that it is cut or thinks is a fault of the chosen one alone."""
        lowered = text.lower()
        if not any(hint in lowered for hint in _HINTS):
            return
        problem = leftover(text, self._names, other)
        code = _LEFT.get(problem.reason, "") if problem else ""
        if not problem or not code or (worse and code != "marker_left"):
            return
        if code != "marker_left" or leftover(text, self._names, f"{other}\n{task}"):
            tell(code, _quoted(problem.detail) if code == "marker_left" else "")


def _row(task: str, response: str) -> Row:
    return Row("", [{"role": "user", "content": task}], response, 0, 0, {})


def _quoted(detail: str) -> str:
    """The part of a check's sentence that names what it saw."""
    _, _, seen = detail.partition("speaks of itself: ")
    return seen or detail.partition("holds a marker ")[2] or ""
