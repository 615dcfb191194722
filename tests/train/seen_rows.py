"""Load OUT as `trl` does, build its trainers, and report the rows they are about to train on.

    python seen_rows.py OUT MODEL_DIR REPORT.json

The report holds `columns` (name to type, as loaded), `dpo` ([chosen, rejected] a row), `kto`
([completion, label] a row), each text decoded from the trainer's token ids with its prompt in
front, and `collapsed`: the pairs that `max_length` makes equal.
"""

import json
import sys
import tempfile
from pathlib import Path

from datasets import Dataset, load_dataset
from transformers import PreTrainedTokenizerBase
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

Ids = list[int]


def dpo_rows(data: Dataset, model: str, work: str) -> tuple[Dataset, PreTrainedTokenizerBase, int]:
    args = DPOConfig(output_dir=work, use_cpu=True, report_to="none", loss_type=["apo_zero"])
    trainer = DPOTrainer(model=model, args=args, train_dataset=data)
    return trainer.train_dataset, trainer.processing_class, args.max_length


def kto_rows(data: Dataset, model: str, work: str) -> Dataset:
    args = KTOConfig(output_dir=work, use_cpu=True, report_to="none", loss_type="apo_zero_unpaired")
    return KTOTrainer(model=model, args=args, train_dataset=data).train_dataset


def report(data: Dataset, model: str, work: str) -> dict[str, object]:
    pairs, tokenizer, longest = dpo_rows(data, model, work)
    chosen: list[Ids] = [row["prompt_ids"] + row["chosen_ids"] for row in pairs]
    rejected: list[Ids] = [row["prompt_ids"] + row["rejected_ids"] for row in pairs]
    both = list(zip(chosen, rejected, strict=True))
    return {
        "columns": {name: str(feature) for name, feature in data.features.items()},
        "dpo": [[tokenizer.decode(one), tokenizer.decode(other)] for one, other in both],
        "kto": [
            [tokenizer.decode(row["prompt_ids"] + row["completion_ids"]), row["label"]]
            for row in kto_rows(data, model, work)
        ],
        "collapsed": sum(one[:longest] == other[:longest] for one, other in both),
    }


def main(out: str, model: str, target: Path) -> None:
    data = load_dataset(out)["train"]
    with tempfile.TemporaryDirectory() as work:
        target.write_text(json.dumps(report(data, model, work)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
