"""Evidence for a metric: the samples it was found from, and the interval of its true value.

Standard library only: the side that judges needs it without NumPy.
"""

from pytest_paoding.records.evidence.any_evidence import AnyEvidence, evidence_from_dict
from pytest_paoding.records.evidence.confidence_curve import LEVELS, ConfidenceCurve
from pytest_paoding.records.evidence.contrast import CONFIDENCE, Contrast
from pytest_paoding.records.evidence.paired_table import Evidence

__all__ = [
    "CONFIDENCE",
    "LEVELS",
    "AnyEvidence",
    "ConfidenceCurve",
    "Contrast",
    "Evidence",
    "evidence_from_dict",
]
