"""What the scenarios stand on: processes, databases, pairs, reports."""
