"""The rules: what each kind of layer does with labels, one small function for each.

Importing this package registers them all; `rule` registers further ones.
"""

from pytest_paoding.graph.rules import conv, dense, elementwise, merge, norm, pool, shape
from pytest_paoding.graph.rules.registry import rule, rule_for

__all__ = ["conv", "dense", "elementwise", "merge", "norm", "pool", "rule", "rule_for", "shape"]
