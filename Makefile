# Each target sets up .venv first if needed; .ci/tasks.py does the work, on Windows as well.
PYTHON ?= python3

.PHONY: run test ui lock

run test ui lock:
	@$(PYTHON) .ci/tasks.py $@
