"""Train on each file of rows for two steps, and report what became of it.

    python try_rows.py MODEL_DIR REPORT.json MAX_LENGTH FILE...

The report holds, for each file and trainer (`dpo`, `kto`), `error` ("" where it trained), `rows`
(how many it trained on), `texts` (prompt and answers of the first, decoded) and `lengths` (tokens).
Everything is done as the `trl` command does it, in one process for all files: starting one takes
longer than training.
"""

import json
import sys
import tempfile
from pathlib import Path

from datasets import Dataset, load_dataset
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

PARTS = ("prompt_ids", "chosen_ids", "rejected_ids", "completion_ids")
TRAINERS = {
    "dpo": (DPOTrainer, DPOConfig, ["apo_zero"]),
    "kto": (KTOTrainer, KTOConfig, "apo_zero_unpaired"),
}


def train(trainer: str, data: Dataset, model: str, work: str, longest: int) -> dict[str, object]:
    build, configure, loss = TRAINERS[trainer]
    settings = {"max_steps": 2, "per_device_train_batch_size": 2, "save_strategy": "no"}
    settings |= {"max_length": longest, "output_dir": work, "use_cpu": True, "report_to": "none"}
    made = build(model=model, args=configure(loss_type=loss, **settings), train_dataset=data)
    made.train()
    first = made.train_dataset[0] if len(made.train_dataset) else {}
    decode = made.processing_class.decode
    texts = [decode(first[part]) for part in PARTS if part in first]
    lengths = {part: list(map(len, made.train_dataset[part])) for part in PARTS if part in first}
    return {"error": "", "rows": len(made.train_dataset), "texts": texts, "lengths": lengths}


def attempt(trainer: str, file: str, model: str, longest: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as work:
        try:
            data = load_dataset("json", data_files=file, cache_dir=work)["train"]
            return train(trainer, data, model, work, longest)
        except Exception as exc:  # noqa: BLE001 - whatever ends a training is what is asked for
            return {"error": f"{type(exc).__name__}: {exc}", "rows": 0, "texts": []}


def main(model: str, target: str, longest: str, *files: str) -> None:
    report = {
        Path(file).stem: {each: attempt(each, file, model, int(longest)) for each in TRAINERS}
        for file in files
    }
    Path(target).write_text(json.dumps(report), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
