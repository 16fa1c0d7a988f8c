"""What a person types and gets: the command line, and the files, plots, report and versions."""
