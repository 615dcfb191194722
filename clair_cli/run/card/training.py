"""The sections of a card for those who train: how, within which limits, and whom to cite."""

from collections.abc import Iterable

from clair_cli.run.card.markdown import code, fenced
from clair_cli.run.record import Run

CITATION = """\
@misc{doosterlinck2024anchored,
  title = {Anchored Preference Optimization and Contrastive Revisions:
           Addressing Underspecification in Alignment},
  author = {Karel D'Oosterlinck and Winnie Xu and Chris Develder and Thomas Demeester and
            Amanpreet Singh and Christopher Potts and Douwe Kiela and Shikib Mehri},
  year = {2024},
  eprint = {2408.06266},
  archivePrefix = {arXiv},
  url = {https://arxiv.org/abs/2408.06266}
}"""

CHOICE = {
    "improve": "the model to be trained with the chosen answers, which are revisions by the "
    "stronger model",
    "worsen": "the model to be trained with the chosen answers, which are the original ones",
}
"""What decides between the two losses."""

LOSSES = """\
Which loss fits follows from a comparison: {choice}.

- `apo_zero` raises the likelihood of the chosen answers and lowers that of the rejected ones. It
  fits a model that is worse than the chosen answers.
- `apo_down` lowers the likelihood of both, that of the rejected ones more. It fits a model that is
  already better than the chosen answers.

The losses, and the reasons for the choice, are in the section on anchored preference optimisation
of the paper cited below."""

KTO = """\
`apo_zero_unpaired` raises the likelihood of the answers labelled true and lowers that of the
others. It fits a model that is worse than the answers labelled true. The answers to one prompt
follow each other here; random sampling sets them apart. `apo_down`, which fits a better model,
needs both sides in one row: write the pairs anew with `--format conversational` for it."""

LIMITS = """\
- The revisions are a model's. No person has checked them. A revision may bring in errors of its
  own, and the reasoning may not tell what was really changed.
- The original answers are as the input had them, with whatever is wrong or unfit in them.
- Rows that got no pair are left out, so the pairs are no fair sample of the input."""
WORSENED = """
- The rejected answers were made worse on purpose. They are no answers to use."""


def training_section(run: Run, splits: Iterable[str]) -> str:
    """How to train on the data with TRL."""
    if run.form == "ranked":
        return (
            "## Training\n\n"
            "Each row ranks three answers. TRL trains on pairs: write the same answers anew with "
            "`clair export\n--format conversational`, which makes pairs of neighbours."
        )
    if run.form == "clair":
        return (
            "## Training\n\n"
            "This is the shape that the authors of the method published. TRL 0.29 and later does "
            "not train\non it: the prompt is a string, and it stands once more inside both sides. "
            "Write the pairs\nanew with `--format conversational` to train on them; no reply is "
            "asked twice for that."
        )
    kto = run.form == "unpaired"
    command = _kto_command(splits) if kto else _dpo_command(splits)
    return "\n\n".join([
        "## Training",
        fenced(f"pip install trl\n{command}", "sh"),
        "`DATASET` is the directory of this file, or its name on the Hub.",
        KTO if kto else LOSSES.format(choice=CHOICE[run.template.direction]),
    ])  # fmt: skip


def _dpo_command(splits: Iterable[str]) -> str:
    return (
        "trl dpo --dataset_name DATASET --loss_type apo_zero \\\n"
        f"    --model_name_or_path MODEL --output_dir out{_evaluated(splits)}"
    )


def _kto_command(splits: Iterable[str]) -> str:
    return (
        "trl kto --dataset_name DATASET --loss_type apo_zero_unpaired \\\n"
        "    --train_sampling_strategy random \\\n"
        f"    --model_name_or_path MODEL --output_dir out{_evaluated(splits)}"
    )


def _evaluated(splits: Iterable[str]) -> str:
    return " \\\n    --dataset_test_split test --eval_strategy epoch" if "test" in splits else ""


def limits_section(run: Run) -> str:
    """What a reader must not expect of the data."""
    return f"## Limits\n\n{LIMITS}{WORSENED if run.template.direction == 'worsen' else ''}"


def licence_section(run: Run) -> str:
    """Under which terms the data stands, as far as that is known."""
    lines = [f"- These pairs: {_licence(run)}."]
    if run.source_dataset:
        stated = ", ".join(map(code, run.source_licences)) or "not stated"
        lines.append(f"- The dataset {code(run.source_dataset)}: {stated}.")
    else:
        lines.append("- The input: see wherever it is from.")
    lines.append(
        "- The revising model: its provider's terms may bind what is done with these texts, such as"
        "\n  training other models on them."
    )
    return "## Licence\n\n" + "\n".join(lines)


def _licence(run: Run) -> str:
    if run.licence:
        return code(run.licence)
    if run.source_licences:
        return "as the dataset that they were made from"
    return "not stated"


def citation_section() -> str:
    """The method's paper."""
    return f"## Citation\n\n{fenced(CITATION, 'bibtex')}"
