"""Files and folders of one process, whoever works with them."""
