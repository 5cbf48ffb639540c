# Köprü: one Makefile, no recursion. `make` builds every program into build/.
#   make run | start | stop | status    the whole system on this machine
#   make test | check                   all kinds of test; what CI runs
#   MODE=asan make ...                  the same with AddressSanitizer and UBSan, under build/asan/

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
else
$(error MODE is "$(MODE)"; allowed are release and asan)
endif
OBJ := $(OUT)/obj
GEN := build/gen

.DEFAULT_GOAL := all

PACKAGES := libevent_core libevent_extra libzmq libprotobuf-c libpq jansson libsodium libcurl
CPPFLAGS := -I. -I$(GEN) -D_GNU_SOURCE $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wswitch-enum
CFLAGS := -std=c11 $(OPTIMIZE) -g -MMD -MP -fstack-protector-strong -fPIE
LDFLAGS := -pie -Wl,-z,relro,-z,now $(filter -fsanitize=%,$(OPTIMIZE))
LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lunistring -lpthread

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

.PHONY: all
all: $(PROGRAMS)

# Generated code. Ours must pass the warnings, theirs need not.
$(GEN)/proto/%.pb-c.c $(GEN)/proto/%.pb-c.h: proto/%.proto $(PROTO)
	@mkdir -p $(GEN)/proto
	protoc --c_out=$(GEN)/proto -I proto $<

# protoc writes includes relative to proto/; ours start at the top.
CPPFLAGS += -I$(GEN)/proto

$(GEN)/%.sql.h: %.sql deploy/tools/sql2h.awk
	@mkdir -p $(@D)
	awk -v table=$(notdir $*) -v mode=h -f deploy/tools/sql2h.awk $< > $@.tmp && mv $@.tmp $@
$(GEN)/%.sql.c: %.sql deploy/tools/sql2h.awk
	@mkdir -p $(@D)
	awk -v table=$(notdir $*) -v mode=c -v header=$*.sql.h -f deploy/tools/sql2h.awk $< > $@.tmp && mv $@.tmp $@

$(OBJ)/gen/%.pb-c.o: $(GEN)/%.pb-c.c $(PROTO_C)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -w -c -o $@ $<
$(OBJ)/gen/%.sql.o: $(GEN)/%.sql.c $(GENERATED_H)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -c -o $@ $<
$(OBJ)/%.o: %.c | $(GENERATED_H)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(WARNINGS) -c -o $@ $<

$(COMMON_A): $(COMMON_O)
	@rm -f $@
	ar rcs $@ $^

# A service: its objects without main in an archive (tests link it), and the program.
define service_rules
$(1)_O := $$(patsubst %.c,$(OBJ)/%.o,$$(filter-out services/$(1)/main.c,$$(wildcard services/$(1)/*.c services/$(1)/*/*.c))) \
          $$(patsubst %,$(OBJ)/gen/%.o,$$(filter services/$(1)/%,$(SQL)))
$(OBJ)/$(1).a: $$($(1)_O)
	@rm -f $$@
	ar rcs $$@ $$^
$(call program,$(1)): $(OBJ)/services/$(1)/main.o $(OBJ)/$(1).a $(COMMON_A)
	$(CC) $(LDFLAGS) -o $$@ $$^ $(LIBS)
endef
$(foreach s,$(SERVICES),$(eval $(call service_rules,$(s))))

# Tests in C: tests/KIND/NAME.c becomes $(OUT)/tests/KIND/NAME. An archive gives only the objects that are used.
TEST_C := $(wildcard tests/unit/*.c tests/store/*.c tests/flow/*.c)
TEST_PROGRAMS := $(TEST_C:tests/%.c=$(OUT)/tests/%)
HARNESS_O := $(patsubst %.c,$(OBJ)/%.o,$(wildcard tests/harness/*.c))
SERVICE_A := $(foreach s,$(SERVICES),$(OBJ)/$(s).a)
$(OBJ)/harness.a: $(HARNESS_O)
	@rm -f $@
	ar rcs $@ $^
$(OUT)/tests/%: $(OBJ)/tests/%.o $(OBJ)/harness.a $(SERVICE_A) $(COMMON_A)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $< $(OBJ)/harness.a $(SERVICE_A) $(COMMON_A) $(LIBS) -lcmocka

.PHONY: test-programs
test-programs: $(TEST_PROGRAMS)

.PHONY: clean
clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(OBJ) -name '*.d' 2>/dev/null)
