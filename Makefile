# Short names for what developers run; CI runs the README's own commands.
.PHONY: test quick coverage lint docs dist bench sheets hero

test:
	python -m pytest -q

quick:
	python -m pytest -q -m "not slow"

coverage:
	python -m pytest -q --cov --cov-report=
	python .ci/coverage_report.py

lint:
	ruff check .
	ruff format --check .
	mypy
	lint-imports

docs:
	NO_MKDOCS_2_WARNING=1 mkdocs build --strict

dist:
	.ci/check_dist dist

bench:
	@for script in benchmarks/bench_*.py; do echo "== $$script"; python $$script || exit 1; done

sheets:
	python docs/scripts/make_sheets.py

hero:
	python docs/scripts/make_pictures.py
