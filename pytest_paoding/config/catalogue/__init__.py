"""The catalogue of settings: a row for each says all that there is to know of it.

Tables and their validation, keywords of markers and calls, options of pytest and of the command
line, precedence, reports and the documentation are made from these rows.
"""

from __future__ import annotations

from pytest_paoding.config.catalogue.judging_keys import JUDGING_KEYS
from pytest_paoding.config.catalogue.keys import Catalogue
from pytest_paoding.config.catalogue.pruning_keys import PRUNING_KEYS
from pytest_paoding.config.catalogue.run_keys import RUN_KEYS

SETTINGS = Catalogue((*PRUNING_KEYS, *JUDGING_KEYS, *RUN_KEYS))
