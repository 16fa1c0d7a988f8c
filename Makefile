# Each target sets up .venv first if needed; .ci/tasks.py does the work, on Windows as well.
PYTHON ?= python3

.PHONY: run test test-spark package ui bench bench-large lock

run test test-spark package ui bench bench-large lock:
	@$(PYTHON) .ci/tasks.py $@
