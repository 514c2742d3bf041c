# `make help` lists the targets. Each installs what it needs the first time.
SHELL := /bin/sh
PYTHON := .venv/bin/python
ENV ?=
# A file at a time, since its tests share what is slow to make, in the order of tests/conftest.py.
ON_ALL_CORES = -n auto --dist loadfile --no-loadscope-reorder
LOCAL = $(if $(filter async,$(MODE)),async,demo)
export PHOTO JSON
.DEFAULT_GOAL := help
.PHONY: help demo up down web test-unit test test-modules test-system check sbom audit lint-variants synth diff doctor bootstrap trust deploy smoke image promote digest forward rollback drift pause resume redrive logs posthog destroy model flight-check release canary bench bench-reports bench-accuracy bench-model bench-batching bench-synth bench-image bench-async bench-structure bench-words bench-photo-eyes bench-page bench-edge-log bench-planning bench-posthog plan screens drill drill-logs fuzz-contract fuzz-photos lock openapi operations clean environment setup-demo setup-async setup-deploy setup-test

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: setup-$(LOCAL) ## a real report from a photo: make demo PHOTO=~/mug.jpg, JSON=1 for the report alone; MODE=async by webhooks
	@$(PYTHON) -m local demo $(if $(MODE),--mode "$(MODE)")

up: setup-$(LOCAL) ## start the whole system on this machine; MODE=async with an async model and Supabase's parts
	@$(PYTHON) -m local up $(if $(MODE),--mode "$(MODE)")

down: ## stop it
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m local down; fi

web: ## build the page anew; a running system shows it at once
	@rm -f .vitrine/stamps/page .vitrine/stamps/page-test
	@sh local/setup.sh demo

test-unit: setup-test ## the fast tests: nothing that starts the system or takes long
	@$(PYTHON) -m pytest -m "not system" $(ON_ALL_CORES)

test: test-modules test-system ## all tests: the slow ones and the fast ones, then those of the running system

test-modules: setup-test ## all tests but those of the running system
	@$(PYTHON) -m pytest --ignore tests/system $(ON_ALL_CORES)

test-system: setup-test ## the tests of the running system, on two systems
	@$(PYTHON) -m pytest tests/system -n 2 --dist loadfile --no-loadscope-reorder

check: setup-test ## format, lint, types (the page's too), import contracts, workflows, secrets, licences, hashes, generated documents; every environment by cfn-lint and AwsSolutions
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo
	@.venv/bin/hadolint services/analyze/Dockerfile model_artifacts/blip2/server/Dockerfile
	@$(PYTHON) -m supply_chain workflows
	@$(PYTHON) -m supply_chain secrets
	@$(PYTHON) -m supply_chain licences
	@$(PYTHON) -m supply_chain hashes
	@$(PYTHON) -m services.analyze.openapi --check docs/openapi.json
	@$(PYTHON) -m web.check
	@$(PYTHON) -m planning documents
	@$(PYTHON) -m planning prices check
	@$(PYTHON) -m stacks

sbom: setup-test ## a bill of materials (CycloneDX) of each deployable into sbom/, from the locks
	@$(PYTHON) -m supply_chain sbom

audit: setup-test ## known vulnerabilities of what is deployed, by pip-audit; uses the network
	@for lock in services/*/requirements.txt model_artifacts/blip2/server/requirements-locked.txt; do \
	  .vitrine/bootstrap/bin/uv --quiet tool run --from pip-audit==2.10.1 pip-audit --strict --no-deps --disable-pip \
	    --requirement $$lock || status=1; done; exit $${status:-0}

lint-variants: setup-test ## cfn-lint over every variant of the settings that the tests deploy over each other
	@$(PYTHON) -m tests.stacks.variants --lint

synth: setup-test ## every environment's templates into cdk.out/, linted; no account, no network
	@$(PYTHON) -m stacks

diff: $(if $(BASE),,environment) setup-deploy ## what a deployment would change: make diff ENV=prod; BASE=origin/main: against a commit, judged, no account; COMMENT=FILE ALLOW=data-loss
	@$(PYTHON) -m ops diff $(if $(BASE),--base "$(BASE)" $(if $(COMMENT),--comment "$(COMMENT)") $(foreach label,$(ALLOW),--allow "$(label)"),--env "$(ENV)")

plan: environment setup-deploy ## where, how big, how fast, how much, what to set, as one page: make plan USERS=users.csv ENV=prod, OUT=plan.html
	@$(PYTHON) -m planning page $(if $(USERS),"$(USERS)") --env "$(ENV)" $(if $(OUT),--out "$(OUT)")

doctor: environment setup-deploy ## what would keep an environment from being deployed: make doctor ENV=prod
	@$(PYTHON) -m ops doctor --env "$(ENV)"

bootstrap: environment setup-deploy ## prepare an account's region for the CDK, once: make bootstrap ENV=prod
	@$(PYTHON) -m ops bootstrap --env "$(ENV)"

trust: environment setup-deploy ## whose tokens of GitHub Actions may deploy, and how to set up GitHub: make trust ENV=prod
	@$(PYTHON) -m ops trust --env "$(ENV)"

deploy: environment setup-deploy ## deploy an environment: make deploy ENV=prod, ARTIFACT=model.tar.gz, YES=1 to be asked nothing
	@$(PYTHON) -m ops deploy --env "$(ENV)" $(if $(ARTIFACT),--artifact "$(ARTIFACT)") $(if $(YES),--yes)

smoke: environment setup-deploy ## post a photo to a deployed environment as a user, whom it demands: make smoke ENV=prod
	@$(PYTHON) -m ops smoke --env "$(ENV)"

image: environment setup-deploy ## build and push the service's image of this commit: make image ENV=prod, WRITE=1 into the settings, SAVE=folder for promote
	@$(PYTHON) -m ops image --env "$(ENV)" $(if $(WRITE),--write) $(if $(SAVE),--save "$(SAVE)")

promote: environment setup-deploy ## push an image of another environment, with the same digest: make promote ENV=prod IMAGE=folder DIGEST=sha256:…; without IMAGE the repository must have it
	@$(PYTHON) -m ops promote --env "$(ENV)" $(if $(IMAGE),--image "$(IMAGE)") --digest "$(DIGEST)"

digest: environment setup-deploy ## the digest of the image that the service runs: make digest ENV=prod
	@$(PYTHON) -m ops digest --env "$(ENV)"

forward: environment setup-deploy ## refuse a deployment that would undo a later commit, or a model's release that no commit names: make forward ENV=prod, ANY_MODEL=1: without the model and its stack
	@$(PYTHON) -m ops forward --env "$(ENV)" $(if $(ANY_MODEL),--any-model)

rollback: environment setup-deploy ## let the service run an earlier image again: make rollback ENV=prod DIGEST=sha256:…
	@$(PYTHON) -m ops rollback --env "$(ENV)" --digest "$(DIGEST)"

drift: environment setup-deploy ## what was changed in the account beside CloudFormation: make drift ENV=prod
	@$(PYTHON) -m ops drift --env "$(ENV)"

pause: environment setup-deploy ## delete the endpoint, keep the model; reports wait, a day at most: make pause ENV=prod; ANY_COMMIT=1 by a checkout that lacks what is deployed
	@$(PYTHON) -m ops pause --env "$(ENV)" $(if $(ANY_COMMIT),--any-commit)

resume: environment setup-deploy ## make a paused model's endpoint again: make resume ENV=prod; ANY_COMMIT=1 as for pause
	@$(PYTHON) -m ops resume --env "$(ENV)" $(if $(ANY_COMMIT),--any-commit)

redrive: environment setup-deploy ## dead letters of the queues and why they failed; sent again after asking: make redrive ENV=prod, YES=1 to be asked nothing
	@$(PYTHON) -m ops redrive --env "$(ENV)" $(if $(YES),--again --yes)

logs: environment setup-deploy ## reports of the last day, the slowest first, and their cost: make logs ENV=prod SINCE=yesterday SLOW=1 FAILED=1 USER_ID=…; REPORT=… or TRACE=…: each hop of one
	@$(PYTHON) -m ops logs --env "$(ENV)" $(if $(SINCE),--since "$(SINCE)") $(if $(TRACE),--trace "$(TRACE)") $(if $(REPORT),--report "$(REPORT)") $(if $(USER_ID),--user "$(USER_ID)") $(if $(SLOW),--slow) $(if $(FAILED),--failed)

posthog: environment setup-deploy ## make dashboard and alerts in PostHog as the settings say: make posthog ENV=prod, YES=1 to delete without asking
	@$(PYTHON) -m ops posthog apply --env "$(ENV)" $(if $(YES),--yes)

destroy: environment setup-deploy ## delete an environment's stacks, after asking: make destroy ENV=dev, YES=1 to be asked nothing
	@$(PYTHON) -m ops destroy --env "$(ENV)" $(if $(YES),--yes)

model: setup-test ## the endpoint's archive: make model MODEL=demo|FOLDER|owner/name, REVISION=… of a hub's, CATALOGUE=drawn|second_hand
	@$(PYTHON) -m model_artifacts.blip2 package --out $(or $(ARTIFACT),.vitrine/blip2-endpoint.tar.gz) $(if $(MODEL),--model "$(MODEL)") $(if $(CATALOGUE),--catalogue "$(CATALOGUE)") $(if $(REVISION),--revision "$(REVISION)")

flight-check: setup-test ## serve an archive as SageMaker would, and ask it: make flight-check ARTIFACT=model.tar.gz INSTANCE=ml.t2.medium, TORCHSERVE=1: by AWS's server too
	@$(PYTHON) -m model_artifacts.blip2 flight-check --archive $(or $(ARTIFACT),.vitrine/blip2-endpoint.tar.gz) $(if $(INSTANCE),--instance-type "$(INSTANCE)") $(if $(TORCHSERVE),--torchserve)

release: environment setup-test ## flight-check, canary, settings, deployment: make release ENV=prod ARTIFACT=model.tar.gz; ANY_COMMIT=1 as for pause
	@$(PYTHON) -m ops release --env "$(ENV)" --archive $(or $(ARTIFACT),.vitrine/blip2-endpoint.tar.gz) $(if $(ANY_COMMIT),--any-commit)

canary: environment setup-deploy ## delete the canary that an interrupted release left: make canary ENV=prod
	@$(PYTHON) -m ops canary --env "$(ENV)"

bench: setup-test ## the service side by side with plain FastAPI, LitServe and BentoML: overhead, throughput, CPU, memory, the cost of observing
	@$(PYTHON) -m benchmarks
	@$(PYTHON) -m benchmarks.observing

fuzz-photos: setup-test ## 20,000 mutated photos through the decoding: make fuzz-photos SEED=7 START=5000
	@$(PYTHON) -m benchmarks.photo_fuzz $(if $(SEED),--seed $(SEED)) $(if $(START),--start $(START))

bench-reports: setup-test ## reports of held-out goods by the whole system, compared with the truth; refusals of hostile uploads
	@$(PYTHON) -m benchmarks.reports

bench-accuracy: setup-test ## how often the demo model is right about held-out drawn goods, and the colours measured from pixels
	@$(PYTHON) -m benchmarks.accuracy
	@$(PYTHON) -m benchmarks.named_colours

bench-photo-eyes: setup-test ## how often the demo's model for photographs is right about photographs that it fetches, and its cost
	@$(PYTHON) -m benchmarks.photo_eyes

bench-async: setup-test ## latency of an async endpoint compared with a realtime one
	@$(PYTHON) -m benchmarks.asynchronous

bench-model: setup-test ## scoring compared with plain generation, both model families; the cost of wear_tiles: make bench-model DEVICE=cuda
	@$(PYTHON) -m benchmarks.model $(if $(DEVICE),--device $(DEVICE))
	@$(PYTHON) -m benchmarks.tiles

bench-batching: setup-test ## batching across requests in our model server: gain for several callers, cost for one
	@$(PYTHON) -m benchmarks.batching

bench-synth: setup-test ## synthesis of an environment compared with an empty app's
	@$(PYTHON) -m benchmarks.synth

bench-structure: ## module sizes, words per test name, vague words; COMMIT=HEAD~9: of a commit
	@$(or $(wildcard $(PYTHON)),python3) -m benchmarks.structure $(COMMIT)

bench-words: setup-test ## false and honest texts by the check of the LLM's words; tokens and USD of a report: make bench-words SHOW=--show
	@$(PYTHON) -m benchmarks.words $(SHOW)

bench-page: setup-test ## what the page weighs, and how soon it can be used, beside an empty Vite page
	@$(PYTHON) -m benchmarks.page

bench-edge-log: setup-test ## what its log costs an Edge Function, while the receiver of its lines answers, is slow, away or silent
	@$(PYTHON) -m benchmarks.edge_log

drill: setup-test ## 2,000 jobs while every process is killed at random; judged once nothing is left to do
	@$(PYTHON) -m benchmarks.drill $(if $(SEED),--seed $(SEED))

drill-logs: setup-test ## 200,000 log events of a drain while receivers and writers are killed at random: make drill-logs SEED=2
	@$(PYTHON) -m benchmarks.drill_logs $(if $(SEED),--seed $(SEED))

fuzz-contract: setup-test ## schemathesis, all checks, over docs/openapi.json against the running service: SEED=2 repeats a run
	@$(PYTHON) -m benchmarks.contract_fuzz $(if $(SEED),--seed $(SEED))

bench-image: setup-test ## build our images without an engine, search their layers, run them: make bench-image IMAGE=analyze|model; root, buildah
	@$(PYTHON) -m benchmarks.image $(if $(IMAGE),--image "$(IMAGE)")

bench-planning: setup-test ## the planner's forecasts against made lists, its simulations against closed forms: make bench-planning NAME=lists
	@$(PYTHON) -m benchmarks.planning $(NAME)

bench-posthog: setup-test ## what telling PostHog costs a request and the end of the service, while it takes events, refuses, stalls, is away
	@$(PYTHON) -m benchmarks.posthog

screens: setup-test up ## write docs/screens anew: every screen of the page, small and large, from the running system
	@$(PYTHON) -m benchmarks.screens

openapi: setup-test ## write docs/openapi.json anew after a change of the API, and the page's types from it
	@$(PYTHON) -m services.analyze.openapi docs/openapi.json
	@$(PYTHON) -m web.check --write

operations: setup-test ## write idle costs, the planner's worked example and the picture of the architecture anew after a change of stacks, settings or prices
	@$(PYTHON) -m planning documents --write

lock: setup-test ## pin the requirements of each service, of a deployment and of each peer anew, and the container that SageMaker's SDK defines
	@for service in analyze authorizer hooks logs results; do \
	  .vitrine/bootstrap/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url --generate-hashes $$([ $$service = analyze ] || echo -c services/analyze/requirements.txt) \
	    services/$$service/requirements.in --output-file services/$$service/requirements.txt; done
	@grep '^uv==' stacks/requirements.txt | .vitrine/bootstrap/bin/uv pip compile --quiet --universal --python-version 3.11 \
	    --no-header --no-annotate --no-emit-index-url --generate-hashes - --output-file local/bootstrap.lock
	@.vitrine/bootstrap/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url --generate-hashes ops/requirements.txt --output-file ops/requirements.lock
	@cd model_artifacts/blip2 && sed -n 's/^ARG TORCH_VERSION=/torch==/p' server/Dockerfile | \
	    ../../.vitrine/bootstrap/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url code/requirements.txt server/requirements.txt - | grep -vE '^(torch|triton|nvidia|cuda)' \
	    >server/requirements-locked.txt
	@$(PYTHON) -m stacks.model.container
	@for peer in plain_fastapi litserve bentoml; do \
	  .vitrine/bootstrap/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	    --no-emit-index-url benchmarks/peers/$$peer/requirements.in --output-file benchmarks/peers/$$peer/requirements.txt; done

clean: down ## stop the system and delete all that was made here
	@rm -rf .venv .vitrine cdk.out sbom web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Before anything is installed for a target that needs one.
environment:
	@[ -n "$(ENV)" ] || { echo "error: which environment? Say ENV=NAME, one of:" \
	  $$(cd environments && grep -L '^target = "emulator"' *.toml | sed 's/\.toml$$//') >&2; exit 2; }

setup-demo:
	@sh local/setup.sh demo

setup-async:
	@sh local/setup.sh async

setup-deploy:
	@sh local/setup.sh deploy

setup-test:
	@sh local/setup.sh test
