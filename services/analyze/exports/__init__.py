"""Pages of reports as files that the importers of shops read."""
