"""One scenario, one file: run(rig) measures and returns its rows, BAR is what it must reach."""
