"""Reports for people and machines; every text derives from the records."""
