"""Overlap between the data for judging and the inputs that the pruning has learned from."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_paoding.engine.evaluation.data.judged_inputs import inputs_of
from pytest_paoding.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_paoding.engine.evaluation.data.judging_data import Batch
    from pytest_paoding.engine.execution.signature import Signature


def apart(batches: Iterable[Batch], calibration: Any, signature: Signature) -> Iterator[Batch]:
    """Yield batches, and refuse a sample that is among the inputs for calibration.

    Args:
        batches: The data for judging.
        calibration: Inputs that the pruning was given; None for none.
        signature: Inputs and outputs of the model.

    Memory: 16 bytes and a little for each input for calibration.

    Raises:
        DataError: A sample is equal to one of them in every input, or they do not fit the model.
    """
    seen = set() if calibration is None else set(_digests(inputs_of(calibration, signature.inputs)))
    done = 0
    for batch in batches:
        for number, digest in enumerate(_digests(batch.inputs) if seen else ()):
            if digest in seen:
                raise DataError(
                    f"sample {done + number} of the data for judging is among the inputs for "
                    f"calibration: what the pruning has learned from cannot judge it"
                )
        done += batch.size
        yield batch


def _digests(inputs: Sequence[Any]) -> Iterator[bytes]:
    """Yield a digest of each sample."""
    parts = [np.ascontiguousarray(part) for part in inputs]
    for sample in zip(*parts, strict=True):
        yield blake2b(b"".join(part.tobytes() for part in sample), digest_size=16).digest()
