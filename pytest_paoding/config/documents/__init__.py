"""Documents of this package that are read again: reports, manifests and baselines, by whomever."""
