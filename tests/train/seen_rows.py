"""Load datasets as `trl` does, build its trainers, and report the rows they are about to train on.

    python seen_rows.py MODEL_DIR REPORT.json DATASET...

The report holds, for each dataset, `columns` (name to type, as loaded), for each split `dpo`
([chosen, rejected] a row; none where a row is one answer) and `kto` ([completion, label] a row),
each text decoded from the trainer's token ids with its prompt in front, and `collapsed`: the pairs
that `max_length` makes equal. One process reads all: starting one takes longer than that.
"""

import json
import sys
import tempfile
from pathlib import Path

from datasets import Dataset, DatasetDict, load_dataset
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

Ids = list[int]
Seen = dict[str, list[list[object]]]
SETTINGS = {"use_cpu": True, "report_to": "none"}


def splits(trainer: DPOTrainer | KTOTrainer) -> dict[str, Dataset]:
    both = {"train": trainer.train_dataset, "test": trainer.eval_dataset}
    return {split: rows for split, rows in both.items() if rows is not None}


def dpo_rows(data: DatasetDict, model: str, work: str) -> tuple[Seen, int]:
    args = DPOConfig(output_dir=work, loss_type=["apo_zero"], **SETTINGS)
    given = {"train_dataset": data["train"], "eval_dataset": data.get("test")}
    trainer = DPOTrainer(model=model, args=args, **given)
    decode, longest = trainer.processing_class.decode, args.max_length
    seen: Seen = {}
    collapsed = 0
    for split, rows in splits(trainer).items():
        chosen: list[Ids] = [row["prompt_ids"] + row["chosen_ids"] for row in rows]
        rejected: list[Ids] = [row["prompt_ids"] + row["rejected_ids"] for row in rows]
        both = list(zip(chosen, rejected, strict=True))
        seen[split] = [[decode(one), decode(other)] for one, other in both]
        collapsed += sum(one[:longest] == other[:longest] for one, other in both)
    return seen, collapsed


def kto_rows(data: DatasetDict, model: str, work: str) -> Seen:
    args = KTOConfig(output_dir=work, loss_type="apo_zero_unpaired", **SETTINGS)
    given = {"train_dataset": data["train"], "eval_dataset": data.get("test")}
    trainer = KTOTrainer(model=model, args=args, **given)
    decode = trainer.processing_class.decode
    return {
        split: [[decode(row["prompt_ids"] + row["completion_ids"]), row["label"]] for row in rows]
        for split, rows in splits(trainer).items()
    }


def report(data: DatasetDict, model: str, work: str) -> dict[str, object]:
    features = data["train"].features
    pairs, collapsed = dpo_rows(data, model, work) if "chosen" in features else ({}, 0)
    return {
        "columns": {name: str(feature) for name, feature in features.items()},
        "dpo": pairs,
        "kto": kto_rows(data, model, work),
        "collapsed": collapsed,
    }


def main(model: str, target: str, *datasets: str) -> None:
    with tempfile.TemporaryDirectory() as work:
        seen = {name: report(load_dataset(name), model, work) for name in datasets}
    Path(target).write_text(json.dumps(seen), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
