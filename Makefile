# Köprü: one Makefile, no recursion. `make` builds every program into build/.
#   make run | start | stop | status    the whole system on this machine
#   make test | check                   all kinds of test; what CI runs
#   make unit | store | flow | fault | fuzz-replay | clients | deploy    one kind; T=NAME picks one test of it
#   make test-deploy                   docker-compose.yml and deploy/README.md, in real containers
#   make asan | valgrind | coverage     the same tests another way; CC=clang and MODE=asan work with all
#   make format | lint | layers | sizes | banned | bench | replay | mutants | fresh

MODE ?= release
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif

ifeq ($(MODE),release)
OUT := build
OPTIMIZE := -O2 -D_FORTIFY_SOURCE=2
else ifeq ($(MODE),asan)
OUT := build/asan
OPTIMIZE := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
else ifeq ($(MODE),fuzz)
OUT := build/fuzz
OPTIMIZE := -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
else ifeq ($(MODE),coverage)
OUT := build/coverage
OPTIMIZE := -O0 --coverage -fprofile-update=atomic
else
$(error MODE is "$(MODE)"; allowed are release, asan, fuzz and coverage)
endif
# Objects of two compilers never meet.
ifneq ($(findstring clang,$(CC)),)
OUT := $(OUT)/clang
endif
JOBS ?= $(shell nproc)
OBJ := $(OUT)/obj
GEN := build/gen

.DEFAULT_GOAL := all

# One short line for each thing made; V=1 shows whole commands.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $@;)

PACKAGES := libevent_core libevent_extra libzmq libprotobuf-c libpq jansson libsodium libcurl xlsxwriter \
            gmime-3.0 libxml-2.0 gumbo libmagic gdlib libexif
CPPFLAGS := -I. -I$(GEN) -D_GNU_SOURCE $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wswitch-enum
CFLAGS := -std=c11 $(OPTIMIZE) -g -MMD -MP -fstack-protector-strong -fPIE
LDFLAGS := -pie -Wl,-z,relro,-z,now,--as-needed $(filter -fsanitize=% --coverage,$(OPTIMIZE))
LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lunistring -lpthread -lm

PROTO := $(wildcard proto/kopru/v1/*.proto)
SQL := $(wildcard common/*/*.sql services/*/*.sql)
COMMON_C := $(wildcard common/*/*.c)
SERVICES := intake router notifier reporting department kopru
SERVICE_C := $(foreach s,$(SERVICES),$(wildcard services/$(s)/*.c services/$(s)/*/*.c))

PROTO_C := $(PROTO:%.proto=$(GEN)/%.pb-c.c)
SQL_C := $(SQL:%=$(GEN)/%.c)
GENERATED_H := $(PROTO_C:.c=.h) $(SQL:%=$(GEN)/%.h)

COMMON_O := $(COMMON_C:%.c=$(OBJ)/%.o) $(PROTO_C:$(GEN)/%.c=$(OBJ)/gen/%.o) \
            $(patsubst %,$(OBJ)/gen/%.o,$(filter common/%,$(SQL)))
COMMON_A := $(OBJ)/common.a

program = $(OUT)/$(if $(filter kopru,$(1)),kopru,kopru-$(1))
PROGRAMS := $(foreach s,$(SERVICES),$(if $(wildcard services/$(s)/main.c),$(call program,$(s))))

TOPICS_MODEL := $(OUT)/topics.model
.PHONY: all
all: $(PROGRAMS) $(TOPICS_MODEL)

# Generated code. Ours must pass the warnings, theirs need not.
$(GEN)/proto/%.pb-c.c $(GEN)/proto/%.pb-c.h: proto/%.proto $(PROTO)
	@mkdir -p $(GEN)/proto
	$(call say,PROTO)protoc --c_out=$(GEN)/proto -I proto $<

# protoc writes includes relative to proto/; ours start at the top.
CPPFLAGS += -I$(GEN)/proto

$(GEN)/%.sql.h: %.sql deploy/tools/sql2h.awk
	@mkdir -p $(@D)
	$(call say,SQL)awk -v table=$(notdir $*) -v mode=h -f deploy/tools/sql2h.awk $< > $@.tmp && mv $@.tmp $@
$(GEN)/%.sql.c: %.sql deploy/tools/sql2h.awk
	@mkdir -p $(@D)
	$(call say,SQL)awk -v table=$(notdir $*) -v mode=c -v header=$*.sql.h -f deploy/tools/sql2h.awk $< > $@.tmp && mv $@.tmp $@

$(OBJ)/gen/%.pb-c.o: $(GEN)/%.pb-c.c $(PROTO_C)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) -w -c -o $@ $<
$(OBJ)/gen/%.sql.o: $(GEN)/%.sql.c $(GENERATED_H)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -c -o $@ $<
$(OBJ)/%.o: %.c | $(GENERATED_H)
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -c -o $@ $<

$(COMMON_A): $(COMMON_O)
	@rm -f $@
	$(call say,AR)ar rcs $@ $^

# A service: its objects without main in an archive (tests link it), and the program.
define service_rules
$(1)_O := $$(patsubst %.c,$(OBJ)/%.o,$$(filter-out services/$(1)/main.c,$$(wildcard services/$(1)/*.c services/$(1)/*/*.c))) \
          $$(patsubst %,$(OBJ)/gen/%.o,$$(filter services/$(1)/%,$(SQL)))
$(OBJ)/$(1).a: $$($(1)_O)
	@rm -f $$@
	$$(call say,AR)ar rcs $$@ $$^
$(call program,$(1)): $(OBJ)/services/$(1)/main.o $(OBJ)/$(1).a $(COMMON_A)
	$$(call say,LINK)$(CC) $(LDFLAGS) -o $$@ $$^ $(LIBS)
endef
$(foreach s,$(SERVICES),$(eval $(call service_rules,$(s))))

# The model of topics that is shipped: learnt from texts that may be, the same bytes each time. Only what learns makes it
# anew, not every change of the command. TOPICS_DAY: when the texts were last changed; it is part of the model's name.
TOPICS_DAY := 2026-11-26
TOPICS_O := $(filter $(OBJ)/common/topics/%,$(COMMON_O)) $(OBJ)/common/base/text_tr.o
$(TOPICS_MODEL): $(wildcard deploy/data/texts/*.tsv) $(TOPICS_O) | $(call program,kopru)
	$(call say,LEARN)$(call program,kopru) topics train deploy/data/texts --day $(TOPICS_DAY) --out $@ >$@.log

# Tests in C: tests/KIND/NAME.c becomes $(OUT)/tests/KIND/NAME. An archive gives only the objects that are used.
TEST_C := $(wildcard tests/unit/*.c tests/store/*.c tests/flow/*.c tests/fault/*.c)
TEST_PROGRAMS := $(TEST_C:tests/%.c=$(OUT)/tests/%)
HARNESS_O := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/harness/*.c))
SERVICE_A := $(foreach s,$(SERVICES),$(OBJ)/$(s).a)
$(OBJ)/harness.a: $(HARNESS_O)
	@mkdir -p $(@D) && rm -f $@
	$(call say,AR)ar rcs $@ $^
$(OUT)/tests/%: $(OBJ)/tests/%.o $(OBJ)/harness.a $(SERVICE_A) $(COMMON_A)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(LDFLAGS) -o $@ $< $(OBJ)/harness.a $(SERVICE_A) $(COMMON_A) $(LIBS) -lcmocka

# What the solver is measured with.
$(OUT)/tests/unit/topics_solver: LIBS += -llinear

# A fuzz target: tests/fuzz/NAME.c with LLVMFuzzerTestOneInput and its corpus tests/fuzz/corpus/NAME/. In the tests the
# corpus is replayed by tests/fuzz/replay/main.c; `make fuzz` looks for more with libFuzzer. The archive of tests/fuzz/frames
# comes before the others: who uses it gets its sockets and timers.
FUZZ_C := $(wildcard tests/fuzz/*.c)
FUZZ_PROGRAMS := $(FUZZ_C:tests/%.c=$(OUT)/tests/%)
$(OBJ)/frames.a: $(OBJ)/tests/fuzz/frames/frames.o
	@mkdir -p $(@D) && rm -f $@
	$(call say,AR)ar rcs $@ $^
$(FUZZ_PROGRAMS): $(OUT)/tests/fuzz/%: $(OBJ)/tests/fuzz/%.o $(OBJ)/tests/fuzz/replay/main.o $(OBJ)/frames.a $(SERVICE_A) $(COMMON_A)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
$(OUT)/libfuzzer/%: $(OBJ)/tests/fuzz/%.o $(OBJ)/frames.a $(SERVICE_A) $(COMMON_A)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

# What a bench measures from within: tests/bench/NAME.c.
BENCH_PROGRAMS := $(patsubst tests/%.c,$(OUT)/%,$(wildcard tests/bench/*.c))
$(BENCH_PROGRAMS): $(OUT)/bench/%: $(OBJ)/tests/bench/%.o $(COMMON_A)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: test-programs
test-programs: $(TEST_PROGRAMS) $(FUZZ_PROGRAMS) $(BENCH_PROGRAMS)

# The system on this machine. Installing comes before the second make, which then finds the libraries.
LOCAL := deploy/local/kopru-local
.PHONY: run start stop status
run start:
	@deploy/tools/install run
	+@$(MAKE) --no-print-directory -j$(JOBS) all
	@exec $(LOCAL) $@
stop status:
	@exec $(LOCAL) $@

# Tests. tests/run ends with the line "N passed, N failed".
KINDS := unit store flow fault fuzz clients deploy
RUN := KOPRU_BUILD=$(OUT) tests/run $(if $(T),--only $(T))
BUILD_TESTS = +@deploy/tools/install test && $(MAKE) --no-print-directory -j$(JOBS) all test-programs
.PHONY: test $(KINDS) fuzz-replay
test:
	$(BUILD_TESTS)
	@$(RUN) $(KINDS)
$(filter-out fault fuzz,$(KINDS)):
	$(BUILD_TESTS)
	@$(RUN) $@
# With SEED one seeded run: make fault SEED=7 MINUTES=2 [RATE=50] [RECORD=1: adds its line to tests/fault/results.tsv].
fault:
	$(BUILD_TESTS)
	@$(if $(SEED),KOPRU_BUILD=$(abspath $(OUT)) tests/fault/nemesis.py,$(RUN) $@)
fuzz-replay:
	$(BUILD_TESTS)
	@$(RUN) fuzz

.PHONY: test-deploy
# docker-compose.yml for real, as deploy/README.md says word by word, in a container engine of the test's own.
test-deploy:
	@deploy/tools/install deploy
	@timeout --foreground -k 60 1500 tests/deploy/compose.py
.PHONY: asan valgrind coverage fuzz bench bench-growth bench-reporting bench-stopped bench-import bench-smtp bench-mailbox bench-webhooks bench-topics replay mutants fresh
asan:
	+@$(MAKE) --no-print-directory -j$(JOBS) MODE=asan all test-programs
	@KOPRU_BUILD=build/asan tests/run $(if $(T),--only $(T)) unit fuzz store flow
valgrind:
	$(BUILD_TESTS)
	@$(RUN) --wrap "valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite" unit store
coverage:
	@deploy/tools/install coverage
	+@$(MAKE) --no-print-directory MODE=coverage unit store flow clients
	gcovr --root . --gcov-ignore-parse-errors --filter '(common|services)/' --exclude 'build/' --sort-percentage build/coverage/obj | tee build/coverage.txt
# Every harness S seconds (60), or only F: one line for each, 1 when there is a finding; tests/fuzz/run says where all lands.
FUZZ_NAMES := $(notdir $(FUZZ_C:.c=))
fuzz:
	@test -z "$(filter-out $(FUZZ_NAMES),$(F))" || { echo "make fuzz [F=NAME] [S=60]; names: $(FUZZ_NAMES)"; exit 2; }
	+@$(MAKE) --no-print-directory -j$(JOBS) MODE=fuzz CC=clang $(addprefix build/fuzz/clang/libfuzzer/,$(or $(F),$(FUZZ_NAMES)))
	@tests/fuzz/run --seconds $(or $(S),60) build/fuzz/clang/libfuzzer build/fuzz $(or $(F),$(FUZZ_NAMES))
# Plants bugs in a copy, one at a time, and wants each to be noticed by the test that names its invariant.
mutants:
	$(BUILD_TESTS)
	tests/mutants/run $(M)
bench:
	$(BUILD_TESTS)
	tests/bench/run spine
# The article's year through its channels' doors to real departments: SEED=2020 COUNT=67910.
replay:
	$(BUILD_TESTS)
	@tests/bench/run replay
# Figures, lists and exports over 1,000,000 applications; writes build/bench-reporting.json.
bench-reporting:
	$(BUILD_TESTS)
	@tests/bench/run reporting
# How fast everything is at 0, 100,000 and 1,000,000 stored applications.
bench-growth:
	$(BUILD_TESTS)
	@tests/bench/run growth
# What a department that stops does to the others.
bench-stopped:
	$(BUILD_TESTS)
	@tests/bench/run stopped
# Rows a second that `kopru import` brings in: ROWS=200000 ANSWERED=20000.
bench-import:
	$(BUILD_TESTS)
	@tests/bench/run import
# Bodies of a webhook a second, durable, and how long one takes at 500 a second; writes build/webhooks.json.
bench-webhooks:
	$(BUILD_TESTS)
	@tests/bench/run webhooks
# How good and how fast the classifier is, beside scikit-learn; writes build/topics.json (KOPRU_MUNICIPAL8=FILE).
bench-topics:
	+@deploy/tools/install run && $(MAKE) --no-print-directory -j$(JOBS) all $(OUT)/bench/topics_speed
	@KOPRU_BUILD=$(OUT) tests/bench/topics.py
# Letters a second to a mail server.
bench-smtp:
	$(BUILD_TESTS)
	@tests/bench/run smtp
# Mails a second out of a local IMAP server; writes build/mailbox.json (COUNT=50000).
bench-mailbox:
	$(BUILD_TESTS)
	@tests/bench/run mailbox
fresh:
	tests/deploy/fresh.sh

# Checks of the house. `make check` is what CI runs.
OUR_C := $(shell find common services tests -name '*.[ch]')
LINT_C := $(COMMON_C) $(SERVICE_C) $(wildcard tests/harness/*.c)
# The containers are built and walked through beside the compilers, the linters and the slow programs of the sanitizers.
BESIDE_DEPLOY = mkdir -p build; $(MAKE) --no-print-directory test-deploy >build/test-deploy.log 2>&1 & deploy=$$!; \
  trap 'kill $$deploy; wait $$deploy; exit 130' INT TERM; \
  $(MAKE) --no-print-directory -j$(JOBS) clang && $(MAKE) --no-print-directory -j$(JOBS) lint && \
  $(MAKE) --no-print-directory asan; checked=$$?; \
  wait $$deploy; deployed=$$?; cat build/test-deploy.log; exit $$((checked + deployed))
.PHONY: check format format-check lint layers sizes banned clang lifecycle lifecycle-check
check:
	@deploy/tools/install test
	+@$(MAKE) --no-print-directory format-check layers sizes banned
	+@$(MAKE) --no-print-directory -j$(JOBS) all test-programs
	+@$(MAKE) --no-print-directory lifecycle-check
	+@$(BESIDE_DEPLOY)
	+@$(MAKE) --no-print-directory test
format:
	clang-format -i $(OUR_C)
# Versions differ in what they make of the same settings; 14 is Debian 12's and CI's.
format-check:
	@if clang-format --version | grep -q 'version 14\.'; then clang-format --dry-run -Werror $(OUR_C); \
	  else echo "format-check: left out, it needs clang-format 14"; fi
layers sizes banned:
	@deploy/tools/house $@ $(OUR_C)
# The router draws its table of the lifecycle between two marks of the README.
LIFECYCLE_README = awk -v program="$(OUT)/kopru-router --lifecycle" -f deploy/tools/between.awk README.md
lifecycle: $(OUT)/kopru-router
	@$(LIFECYCLE_README) >$(OUT)/README.md && cat $(OUT)/README.md >README.md
lifecycle-check: $(OUT)/kopru-router
	@$(LIFECYCLE_README) | diff -u README.md - || { echo "README.md is not what the lifecycle is; make lifecycle draws it"; exit 1; }
# With clang the same sources pass the same warnings.
clang:
	+@$(MAKE) --no-print-directory CC=clang all test-programs

# One stamp for each file, made anew when its object is: only what changed is looked at again.
lint: $(LINT_C:%.c=build/lint/%.tidy) build/lint/cppcheck
build/lint/%.tidy: %.c build/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,TIDY)clang-tidy --quiet --warnings-as-errors='*' $< -- $(CPPFLAGS) -std=c11 $(filter-out -Werror,$(WARNINGS)) 2>$@.log || \
	  { cat $@.log; exit 1; }
	@touch $@
# ctuuninitvar: an err that is only written through; objectIndex: a row of an array of cells; CastInteger...: char **[i].
build/lint/cppcheck: $(LINT_C) $(filter %.h,$(OUR_C))
	@mkdir -p build/lint/cppcheck.cache
	$(call say,CHECK)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 -j$(JOBS) \
	  --cppcheck-build-dir=build/lint/cppcheck.cache --suppress=missingIncludeSystem --suppress=ctuuninitvar --suppress=objectIndex --suppress=CastIntegerToAddressAtReturn \
	  --include=deploy/tools/cppcheck.h -D_GNU_SOURCE -D__linux__ -DPROTOBUF_C_VERSION_NUMBER=1004000 -DPROTOBUF_C_MIN_COMPILER_VERSION=1000000 -I. -I$(GEN) -I$(GEN)/proto $(LINT_C)
	@touch $@

.PHONY: clean
clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
